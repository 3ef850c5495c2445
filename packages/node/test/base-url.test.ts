// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variable refers to another one
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pensyve, pentographer, profundis } from '@pentauth/core/services'
import { createSandbox } from '@pentauth/sandbox'
import { listen, type SandboxServer } from '@pentauth/sandbox/server'
import { caught, testKey } from '@pentauth/tooling/canary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  clientCredentials,
  createAuth,
  defineService,
  type PentauthEvent,
  relocate,
  type Service,
} from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'pentauth-base-url-'))
const sandbox = createSandbox()
let server: SandboxServer
beforeAll(async () => {
  server = await listen(sandbox)
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})
const at = (origin: string) => server.origins[origin] ?? ''

function watched(service: Service, env: Record<string, string>, options: Parameters<typeof createAuth>[1] = {}) {
  const events: PentauthEvent[] = []
  const auth = createAuth(service, { env, onEvent: (event) => events.push(event), ...options })
  return { auth, events, told: (type: PentauthEvent['type']) => events.filter((event) => event.type === type) }
}

describe('a base URL in the environment', () => {
  it('moves the service, and an event says so before the first credential', async () => {
    const PENSYVE_BASE_URL = at('https://api.pensyve.com')
    const env = { PENSYVE_BASE_URL, PENSYVE_API_KEY: sandbox.keys.create('pensyve').key }
    const { auth, events } = watched(pensyve, env)
    expect(auth.service.resources.rest?.url).toBe(`${PENSYVE_BASE_URL}/v1`)
    const response = await auth.fetch(`${auth.service.resources.rest?.url}/status`)
    expect(response.status).toBe(200)
    expect(events).toMatchObject([
      { type: 'service_relocated', resource: 'rest', url: `${PENSYVE_BASE_URL}/v1`, by: 'PENSYVE_BASE_URL' },
      { type: 'credential_selected', credential: { source: 'PENSYVE_API_KEY' } },
    ])
  })

  it('moves every resource, and what else shares their origins', () => {
    const { service } = createAuth(pensyve, { env: { PENSYVE_BASE_URL: 'https://gateway.example.com/' } })
    expect(service.resources.rest.url).toBe('https://gateway.example.com/v1')
    expect(service.resources.mcp.url).toBe('https://gateway.example.com/mcp')
    expect(service.oauth?.tokenEndpoint).toBe('https://gateway.example.com/oauth/token')
    // No resource of Pensyve is there.
    expect(service.oauth?.authorizationEndpoint).toBe('https://pensyve.com/oauth/authorize')
  })

  it('takes its name from the id, dashes as underscores', () => {
    const { resources } = pensyve
    const service = defineService({ ...pensyve, id: 'my-own-2', resources })
    const { service: moved } = createAuth(service, { env: { MY_OWN_2_BASE_URL: 'https://gateway.example.com' } })
    expect(moved.resources.rest.url).toBe('https://gateway.example.com/v1')
  })

  it('may refer to another variable', () => {
    const env = { PENSYVE_BASE_URL: 'https://${HOST:-localhost}:${PORT}', PORT: '8443', HOST: 'gateway.example.com' }
    expect(createAuth(pensyve, { env }).service.resources.rest.url).toBe('https://gateway.example.com:8443/v1')
  })

  it.each(['', ' '])('counts as not set when it is %j', (PENSYVE_BASE_URL) => {
    expect(createAuth(pensyve, { env: { PENSYVE_BASE_URL } }).service).toBe(pensyve)
  })

  it("changes nothing at the service's own origin", () => {
    const env = { PENTOGRAPHER_BASE_URL: 'https://app.pentographer.com' }
    expect(createAuth(pentographer, { env }).service).toBe(pentographer)
  })

  it('is named when a URL of the documented origin is not covered any more', async () => {
    const env = { PENSYVE_BASE_URL: 'https://gateway.example.com', PENSYVE_API_KEY: testKey.pensyve() }
    const error = await caught(createAuth(pensyve, { env }).fetch('https://api.pensyve.com/v1/status'))
    expect(error).toMatchObject({ code: 'url_not_covered' })
    expect(error.hint).toContain('PENSYVE_BASE_URL moved it: build URLs from auth.service.resources, or unset it.')
  })
})

describe('a base URL that is none', () => {
  const form = 'Write scheme, host and port only, such as https://gateway.example.com.'
  it.each([
    ['is no http(s) URL', 'gateway.example.com', form],
    ['is no http(s) URL', 'file:///run/gateway', form],
    ['is no http(s) URL', testKey.pensyve(), form],
    ['holds a user or password', `https://user:${testKey.token()}@gateway.example.com`, form],
    [
      'holds more than an origin',
      'https://gateway.example.com/v1',
      `${form} The paths stay those of the service, such as /v1.`,
    ],
    ['holds more than an origin', 'https://gateway.example.com/?a=b', form],
    ['is plain http beyond this machine', 'http://gateway.example.com', 'Use https.'],
    ['refers to ${HOST}, which is not set', 'https://${HOST}', 'Set HOST'],
  ])('%s', async (flaw, PENSYVE_BASE_URL, hint) => {
    const error = await caught(() => createAuth(pensyve, { env: { PENSYVE_BASE_URL } }))
    expect(error).toMatchObject({ code: 'invalid_option' })
    expect(error.message).toContain(`PENSYVE_BASE_URL ${flaw}`)
    expect(error.hint).toContain(hint)
  })

  it('leaves it to core to refuse what is no service', () => {
    for (const service of [undefined, null, 'pensyve', { id: 'x' }, { id: 'x', resources: { rest: {} } }]) {
      const make = () => createAuth(service as never, { env: { X_BASE_URL: 'https://gateway.example.com' } })
      expect(make).toThrow(expect.objectContaining({ code: 'invalid_service' }))
    }
  })
})

describe('a base URL that is ignored', () => {
  it('because the program moved the service, which an event says', async () => {
    const service = relocate(pensyve, server.origins)
    const env = { PENSYVE_BASE_URL: 'https://gateway.example.com', PENSYVE_API_KEY: testKey.pensyve() }
    const { auth, told } = watched(service, env)
    expect(auth.service).toBe(service)
    await auth.credential()
    await auth.credential()
    expect(told('setting_ignored')).toEqual([
      {
        type: 'setting_ignored',
        service: 'pensyve',
        setting: 'PENSYVE_BASE_URL',
        reason: 'the program has moved the service itself',
      },
    ])
    expect(told('service_relocated')).toEqual([])
  })

  it('because a file may not say where keys are sent, which an event says', async () => {
    const path = join(folder, '.env')
    writeFileSync(path, 'PENSYVE_BASE_URL=https://elsewhere.example.com\n')
    const { auth, told } = watched(pensyve, { PENSYVE_API_KEY: testKey.pensyve() }, { envFile: path })
    expect(auth.service).toBe(pensyve)
    await auth.credential()
    expect(told('setting_ignored')).toMatchObject([
      { setting: `PENSYVE_BASE_URL in ${path}`, reason: 'only the environment may say where a service is, not a file' },
    ])
  })

  it('and a file that cannot be read does not matter to a key found before it', async () => {
    const { auth, told } = watched(pensyve, { PENSYVE_API_KEY: testKey.pensyve() }, { envFile: folder })
    expect((await auth.credential()).source).toBe('PENSYVE_API_KEY')
    expect(told('setting_ignored')).toEqual([])
  })
})

describe('a base URL and client credentials', () => {
  const env = {
    PENTOGRAPHER_CLIENT_ID: testKey.pentographerClientId(),
    PENTOGRAPHER_CLIENT_SECRET: testKey.pentographerSecret(),
  }
  const elsewhere = defineService({
    ...pentographer,
    oauth: { ...pentographer.oauth, tokenEndpoint: 'https://login.pentographer.com/token' } as never,
  })

  it('go to the moved token endpoint where it shares the origin', async () => {
    const { clientId, clientSecret } = sandbox.clients.create('pentographer')
    const PENTOGRAPHER_BASE_URL = at('https://app.pentographer.com')
    const { auth } = watched(pentographer, {
      PENTOGRAPHER_BASE_URL,
      PENTOGRAPHER_CLIENT_ID: clientId,
      PENTOGRAPHER_CLIENT_SECRET: clientSecret,
    })
    const response = await auth.fetch(auth.service.resources.graphql?.url ?? '', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ me { name } }"}',
    })
    expect(response.status).toBe(200)
    expect(sandbox.journal.entries.some(({ operation }) => operation === 'token')).toBe(true)
  })

  it('are not sent to a token endpoint that stayed where it was', async () => {
    const moved = { ...env, PENTOGRAPHER_BASE_URL: 'http://127.0.0.1:9' }
    const fetch = () => expect.fail('nothing may be sent')
    const error = await caught(createAuth(elsewhere, { env: moved, runtime: { fetch } }).credential())
    expect(error.tried.at(-1)).toEqual({
      source: 'PENTOGRAPHER_CLIENT_ID and PENTOGRAPHER_CLIENT_SECRET',
      result:
        'not used: PENTOGRAPHER_BASE_URL moved the API and not the token endpoint at https://login.pentographer.com',
      next: 'unset it and move both in the program: relocate(pentographer, { … })',
    })
  })

  it('are sent there when the program itself says which', async () => {
    const asked: string[] = []
    const fetch = async (url: unknown) => {
      asked.push(String(url))
      return Response.json({ error: 'invalid_client' }, { status: 401 })
    }
    const credential = clientCredentials({
      clientId: env.PENTOGRAPHER_CLIENT_ID,
      clientSecret: env.PENTOGRAPHER_CLIENT_SECRET,
    })
    const options = { env: { PENTOGRAPHER_BASE_URL: 'http://127.0.0.1:9' }, credential, runtime: { fetch } }
    expect(await caught(createAuth(elsewhere, options).credential())).toMatchObject({ code: 'client_refused' })
    expect(asked).toEqual(['https://login.pentographer.com/token'])
  })

  it("leaves Profundis' authorization server where it is", () => {
    const { service } = createAuth(profundis, { env: { PROFUNDIS_BASE_URL: 'https://gateway.example.com' } })
    expect(service.resources.mcp.url).toBe('https://gateway.example.com')
    expect(service.resources.rest.url).toBe('https://gateway.example.com/api/v2/common/data')
    expect(service.oauth?.tokenEndpoint).toBe('https://auth.profundis.io/token')
  })
})
