import { runInNewContext } from 'node:vm'
import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import {
  apiKey,
  clientCredentials,
  createAuth,
  keySource,
  type PentauthEvent,
  relocate,
  resourceFor,
  type Service,
} from '../src/index.ts'
import { createHttp } from '../src/ky.ts'
import { pendium, pensyve, pentographer, profundis, services } from '../src/services.ts'
import { offline, recorded } from './support/auth.ts'

const url = 'https://api.pensyve.com/v1/recall'
const client = { clientId: testKey.pentographerClientId(), clientSecret: testKey.pentographerSecret() }

describe('a source shared by two services', () => {
  it('renews with the key of the service that refused', async () => {
    const keys: Record<string, string> = { pensyve: testKey.pensyve(), pendium: testKey.pendium() }
    const source = keySource('vault', ({ id }) => keys[id] ?? { absent: 'none' }, { reads: 'after-refusal' })
    const first = recorded(pensyve, source, async () => {
      await second.auth.credential()
      return Response.json({ message: 'Invalid or revoked API key' }, { status: 403 })
    })
    const second = recorded(pendium, source)
    await first.auth.fetch(url)
    expect(first.sent.every(({ headers }) => headers.get('authorization') === `Bearer ${keys.pensyve}`)).toBe(true)
  })
})

describe('client credentials', () => {
  it.each([pendium, pensyve, profundis])('are not sent to $name, which has no such grant', async (service) => {
    const { auth, sent } = recorded(service, clientCredentials(client))
    expect(await caught(auth.fetch(service.resources.mcp.url))).toMatchObject({ code: 'credential_not_accepted' })
    expect(sent).toHaveLength(0)
  })

  it('are asked for once by a listener that asks again', async () => {
    let asked = 0
    const fetch = async () => {
      asked++
      return Response.json({ access_token: testKey.token(), token_type: 'Bearer', expires_in: 3600 })
    }
    const auth = createAuth(pentographer, {
      credential: clientCredentials(client),
      runtime: { fetch },
      onEvent: ({ type }) => void (type === 'token_requested' && auth.credential().catch(() => undefined)),
    })
    await auth.credential()
    expect(asked).toBe(1)
  })

  it('work again when the clock is set back after a failure', async () => {
    let now = 1_800_000_000_000
    let isDown = true
    const fetch = async () =>
      isDown
        ? new Response('', { status: 503 })
        : Response.json({ access_token: testKey.token(), token_type: 'Bearer', expires_in: 3600 })
    const credential = clientCredentials(client)
    const auth = createAuth(pentographer, { credential, runtime: { fetch, now: () => now } })
    expect((await caught(auth.credential())).code).toBe('temporarily_unavailable')
    now -= 86_400_000
    isDown = false
    expect((await auth.credential()).kind).toBe('access-token')
  })
})

describe('what is waited for', () => {
  it.each([
    ['a promise of another realm', () => runInNewContext('Promise.resolve(key)', { key: testKey.pensyve() })],
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is being tested
    ['a thenable', () => ({ then: (resolve: (key: string) => void) => resolve(testKey.pensyve()) })],
  ])('may be %s', async (_name, read) => {
    const { auth } = recorded(pensyve, apiKey(read as () => Promise<string>))
    expect((await auth.credential()).secret.reveal() === testKey.pensyve()).toBe(true)
  })

  it('may be aborted by a timeout of the caller, which ky passes on', async () => {
    const { auth } = recorded(
      pensyve,
      apiKey(testKey.pensyve()),
      (request) =>
        new Promise((_, reject) => request.signal.addEventListener('abort', () => reject(request.signal.reason))),
    )
    const error = await caught(
      createHttp(auth)
        .get('recall', { signal: AbortSignal.timeout(20), retry: 0 })
        .text(),
    )
    expect(error.name).toBe('TimeoutError')
  })
})

describe('paths that climb out for a server that decodes them', () => {
  it.each([
    '/v1/..;/admin',
    '/v1/%2e%2e;/admin',
    '/v1/.%2e;x/admin',
    '/v1/x%2f..;/admin',
    '/v1/..%3b/admin',
    '/v1/..%2fadmin',
    '/v1/%252e%252e%252fadmin',
    '/v1/%25252e%25252e/a',
    '/v1/..%00/admin',
    '/v1/..%20/admin',
    '/v1/..%3f/a',
    '/v1/..%23/a',
    '/v1/a%5c..%5cadmin',
  ])('%s', (path) => {
    expect(() => resourceFor(pensyve, `https://api.pensyve.com${path}`)).toThrow(
      expect.objectContaining({ code: 'url_not_covered' }),
    )
  })

  it.each(['/v1/a;b=c/d', '/v1/100%25', '/v1/caf%C3%A9', '/v1/a..b', '/v1/...', '/v1/%7Euser', '/v1/%E4%B8%AD.'])(
    '%s does not',
    (path) => {
      expect(resourceFor(pensyve, `https://api.pensyve.com${path}`).name).toBe('rest')
    },
  )
})

describe('definitions', () => {
  it.each(services)('$name cannot be changed by anybody', (service) => {
    expect(Object.isFrozen(service) && Object.isFrozen(service.resources) && Object.isFrozen(service.errors)).toBe(true)
    expect(service.oauth === undefined || Object.isFrozen(service.oauth)).toBe(true)
  })

  it('a moved documentation link moves nothing that carries credentials', () => {
    const table = { 'https://pentographer.com': 'http://127.0.0.1:1' }
    expect(() => relocate(pentographer, table)).toThrow(expect.objectContaining({ code: 'invalid_option' }))
  })

  it('a resource that stays in production keeps its rules when another moves', async () => {
    const events: PentauthEvent[] = []
    const auth = createAuth(relocate(pensyve, { 'https://api.pensyve.com': 'http://127.0.0.1:1' }), {
      credential: apiKey(testKey.pendra()),
      runtime: offline,
      onEvent: (event) => void events.push(event),
    })
    expect((await auth.credential('http://127.0.0.1:1/v1/recall')).kind).toBe('api-key')
    expect(await caught(auth.credential('https://mcp.pensyve.com/mcp'))).toMatchObject({ code: 'wrong_credential' })
    expect(events.some(({ type }) => type === 'credential_suspect')).toBe(true)
  })

  it.each([[{ code: 'forbidden', message: 5 }], [null], {}])('%j are no refusals', (errors) => {
    const make = () =>
      createAuth({ ...pensyve, errors } as unknown as Service, { credential: apiKey(testKey.pensyve()) })
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_service' }))
  })

  it.each([undefined, null, 'pensyve', 5, {}, { id: 'a', resources: { a: null } }])('%s is none', (service) => {
    const make = () => createAuth(service as unknown as Service, { credential: apiKey(testKey.pensyve()) })
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_service' }))
  })
})
