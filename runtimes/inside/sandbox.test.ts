// What a user has, the built package, over real HTTP against the sandbox's server, which the harness runs in Node.
import {
  apiKey,
  createAuth,
  finishSignIn,
  memoryStore,
  type PentauthEvent,
  relocate,
  type Service,
  signedIn,
  signOut,
  startSignIn,
} from '@pentauth/core'
import { pendium, pendra, pensyve, pentographer, profundis } from '@pentauth/core/services'
import { caught } from '@pentauth/tooling/canary'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Calls } from '../harness/sandboxes.ts'
import { tellHarness } from './harness.ts'

const redirectUri = 'http://127.0.0.1:8123/callback'

let sandbox: Calls
let origins: Readonly<Record<string, string>>
beforeEach(() => start())
afterEach(async () => void (await sandbox.close()))

/** `as it is`: without the door that lets every page in, which the harness otherwise puts before it. */
async function start(how: 'open' | 'as it is' = 'open'): Promise<void> {
  const call = async (id: number, name: string, args: readonly unknown[]) =>
    (await tellHarness('sandbox', { sandbox: id, name, args })).json()
  const id = await call(0, 'start', [how])
  sandbox = new Proxy({} as Calls, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        call(id, String(name), args),
  })
  origins = await sandbox.origins()
}

describe('an API key', () => {
  it.each([
    [pendium, 'https://pendium.ai/api/visibility/account', 'x-api-key'],
    [pensyve, 'https://api.pensyve.com/v1/status', 'authorization'],
    [profundis, 'https://api.profundis.io/api/v2/common/data/subdomains', 'x-api-key'],
    [profundis, 'https://mcp.profundis.io/', 'authorization'],
    [pentographer, 'https://app.pentographer.com/api/graphql', 'authorization'],
    [pendra, 'https://api.pendra.ai/api/v1/models', 'authorization'],
    [pendra, 'https://api.pendra.ai/v1/messages', 'x-api-key'],
  ] as const)('of $id goes to %s in %s', async (service, url, header) => {
    const key = await sandbox.key(service.id as 'pendra')
    const auth = createAuth(relocate(service as Service, origins), { credential: apiKey(key) })
    const { origin } = new URL(url)
    const response = await auth.fetch(url.replace(origin, origins[origin] as string), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': 'other', authorization: 'other' },
      body: '{}',
    })
    await response.body?.cancel()
    expect(await sandbox.journal()).toMatchObject([{ service: service.id, header, valid: true }])
    expect(await sandbox.carriers()).toEqual([header])
  })
})

const life = { pendium: 3600, pensyve: 900, profundis: 3600 } as const

describe.each([pendium, pensyve, profundis])('a person signs in to $name', (definition) => {
  const id = definition.id as keyof typeof life

  async function signIn() {
    const service = relocate(definition as Service, origins)
    const store = memoryStore()
    const events: PentauthEvent[] = []
    let now = await sandbox.now()
    const shared = { store, onEvent: (event: PentauthEvent) => void events.push(event), runtime: { now: () => now } }
    const { url } = await startSignIn(service, { ...shared, redirectUri, client: { name: 'Test' } })
    const session = await finishSignIn(service, await sandbox.approve(url.href), shared)
    const auth = createAuth(service, { ...shared, credential: signedIn({ store }) })
    return {
      session,
      auth,
      events,
      list: () =>
        auth.fetch(service.resources.mcp?.url as string, {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
        }),
      signOut: () => signOut(service, shared),
      async later() {
        await sandbox.advance(1000 * life[id])
        now = await sandbox.now()
      },
    }
  }

  it('with PKCE, and calls with the token', async () => {
    const { session, list } = await signIn()
    expect(session).toMatchObject({ account: 'default', expiresAt: expect.any(Number) })
    const response = await list()
    expect([response.status, (await response.text()).includes('tools')]).toEqual([200, true])
    expect((await sandbox.carriers()).at(-1)).toBe('authorization')
  })

  it('with 50 calls at the end of the token: one token request', async () => {
    const { list, later } = await signIn()
    await later()
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const response = await list()
        await response.text()
        return response.status
      }),
    )
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(await sandbox.tokenRequests(id, 'refresh_token')).toBe(1)
  })

  it('and out, and the service is told where it listens', async () => {
    const { auth, signOut, events } = await signIn()
    await signOut()
    expect((await caught(auth.credential())).code).toBe('sign_in_required')
    const told = () => events.find(({ type }) => type === 'signed_out')
    for (let turn = 0; turn < 500 && !told(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(told()).toMatchObject({ revocation: id === 'pensyve' ? 'done' : 'none' })
    expect(await sandbox.apps(id)).toHaveLength(id === 'pensyve' ? 0 : 1)
  })

  it('at the sandbox as it is: pages may sign in, and call what lets them', async () => {
    await sandbox.close()
    await start('as it is')
    const { session, list } = await signIn()
    expect(session).toMatchObject({ account: 'default' })
    expect((await list()).status).toBe(200)
  })
})
