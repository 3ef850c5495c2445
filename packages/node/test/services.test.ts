import { services } from '@pentauth/core/services'
import { createSandbox, type ServiceName } from '@pentauth/sandbox'
import { listen, type SandboxServer } from '@pentauth/sandbox/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuth, type PentauthEvent, relocate, type Service } from '../src/index.ts'

// The main job on real HTTP: a key in the environment, any of the five services, the right header on the wire.

const sandbox = createSandbox()
let server: SandboxServer
beforeAll(async () => {
  server = await listen(sandbox)
})
afterAll(() => server.close())

const calls: Record<ServiceName, { path: string; body?: unknown }> = {
  pendium: { path: '/account' },
  pensyve: { path: '/recall', body: { query: 'tea' } },
  profundis: { path: '/subdomains', body: { domain: 'example.com' } },
  pentographer: { path: '', body: { query: '{ me { name } }' } },
  pendra: { path: '/models' },
}

function call(auth: ReturnType<typeof createAuth>, service: Service, { path, body }: { path: string; body?: unknown }) {
  const { url } = service.resources.rest ?? service.resources.graphql ?? { url: '' }
  const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  return auth.fetch(url + path, body === undefined ? {} : json)
}

describe('a key in the environment reaches its service', () => {
  it.each(services)('$name', async (definition) => {
    const id = definition.id as ServiceName
    const service = relocate(definition, server.origins)
    const auth = createAuth(service, { env: { [service.apiKey?.env ?? '']: sandbox.keys.create(id).key } })
    expect((await call(auth, service, calls[id])).status).toBe(200)
    const header = id === 'pendium' || id === 'profundis' ? 'x-api-key' : 'authorization'
    expect(sandbox.journal.entries.at(-1)?.credential).toMatchObject({ kind: 'api-key', header, valid: true })
  })
})

describe('a client in the environment', () => {
  const pentographer = services.find(({ id }) => id === 'pentographer') as Service

  it('gets one token for fifty callers and renews it before it expires', async () => {
    const { clientId, clientSecret } = sandbox.clients.create('pentographer')
    const service = relocate(pentographer, server.origins)
    const events: PentauthEvent[] = []
    const auth = createAuth(service, {
      env: { PENTOGRAPHER_CLIENT_ID: clientId, PENTOGRAPHER_CLIENT_SECRET: clientSecret },
      onEvent: (event) => events.push(event),
      runtime: { now: () => sandbox.clock.now() },
    })
    const before = sandbox.journal.entries.length
    const tokenRequests = () => sandbox.journal.entries.slice(before).filter(({ operation }) => operation === 'token')

    const statuses = await Promise.all(Array.from({ length: 50 }, () => call(auth, service, calls.pentographer)))
    expect(statuses.map(({ status }) => status)).toEqual(Array(50).fill(200))
    expect(tokenRequests()).toHaveLength(1)
    expect(tokenRequests()[0]?.credential).toMatchObject({ kind: 'client', header: 'body' })

    sandbox.clock.advance(3_550_000)
    await call(auth, service, calls.pentographer)
    await expect.poll(() => tokenRequests().length, { timeout: 30_000 }).toBe(2)
    expect(events.filter(({ type }) => type === 'token_requested')).toMatchObject([
      { reason: 'first' },
      { reason: 'expiring' },
    ])
  })
})
