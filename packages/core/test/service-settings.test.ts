import { describe, expect, it } from 'vitest'
import { createAuth, createSecret, type Runtime, relocate } from '../src/index.ts'
import { runtimeFor, settingsOf } from '../src/service-settings.ts'
import { pendium, pensyve } from '../src/services.ts'
import { withSettings } from '../src/with-settings.ts'

// What hangs on a service and is no data of it: the client of its sign-ins, and the headers of gateways before it.

const home = 'https://mcp.pensyve.com'
const gatewayHeaders = { [home]: { 'CF-Access-Client-Id': 'id-1', 'x-kept': 'of the gateway' } }
const client = { clientId: 'client-1' }
const described = withSettings(pensyve, { client, gatewayHeaders })

/** A `fetch` that keeps what it was given. */
function recording(): { readonly fetch: Runtime['fetch']; readonly sent: { url: string; init: RequestInit }[] } {
  const sent: { url: string; init: RequestInit }[] = []
  return {
    sent,
    async fetch(input, init = {}) {
      sent.push({ url: input instanceof Request ? input.url : String(input), init })
      return new Response('{}')
    },
  }
}

const header = (init: RequestInit | undefined, name: string) => new Headers(init?.headers).get(name)

describe('settings', () => {
  it('are on the service that they were given to, which stays a checked and frozen definition', () => {
    expect(settingsOf(described)).toMatchObject({ client, gatewayHeaders })
    expect(settingsOf(pensyve)).toEqual({})
    expect(Object.isFrozen(described)).toBe(true)
    expect(described.resources).toBe(pensyve.resources)
    expect(() => Object.assign(settingsOf(described), { client: undefined })).toThrow(TypeError)
  })

  it('are no part of its data: no copy, no clone and no JSON has them', () => {
    for (const copy of [{ ...described }, structuredClone(described), JSON.parse(JSON.stringify(described))])
      expect(settingsOf(copy)).toEqual({})
    expect(JSON.stringify(described)).toBe(JSON.stringify(pensyve))
    expect(Object.keys(described)).toEqual(Object.keys(pensyve))
  })

  it('show their values in no property, enumerable or not', () => {
    const values = Reflect.ownKeys(described).map(
      (key) => (described as unknown as Record<symbol, unknown>)[key as symbol],
    )
    expect(values.filter((value) => value !== null && typeof value === 'object' && 'gatewayHeaders' in value)).toEqual(
      [],
    )
  })

  it('move with the service, each gateway with its origin', () => {
    const moved = relocate(described, { [home]: 'http://127.0.0.1:4100' })
    expect(settingsOf(moved)).toMatchObject({
      client,
      gatewayHeaders: { 'http://127.0.0.1:4100': gatewayHeaders[home] },
    })
  })

  it('are not taken from a polluted prototype', () => {
    expect(settingsOf(Object.create(null))).toEqual({})
    expect(settingsOf(withSettings(pendium, {}))).toEqual({})
  })
})

describe('headers of gateways', () => {
  const through = (parts: Partial<Runtime> = {}) => {
    const { fetch, sent } = recording()
    return { sent, runtime: runtimeFor(described, { fetch, redirects: 'self', ...parts }) }
  }

  it.each([
    ['a text', `${home}/mcp`],
    ['a URL', new URL(`${home}/mcp`)],
    ['a request', new Request(`${home}/mcp`, { headers: { accept: 'text/plain' } })],
  ])('are on a request to their origin that is %s, beside the others', async (_, input) => {
    const { runtime, sent } = through()
    await runtime.fetch(input, input instanceof Request ? undefined : { headers: { accept: 'text/plain' } })
    expect(header(sent[0]?.init, 'cf-access-client-id')).toBe('id-1')
    expect(header(sent[0]?.init, 'accept')).toBe('text/plain')
  })

  it.each([
    'https://mcp.pensyve.com.evil.example/mcp',
    'https://evil.example/https://mcp.pensyve.com',
    'http://mcp.pensyve.com/mcp',
    'https://mcp.pensyve.com:8443/mcp',
    'https://api.pensyve.com/v1',
  ])('are on none to %s', async (url) => {
    const { runtime, sent } = through()
    await runtime.fetch(url, { headers: { accept: 'text/plain' } })
    expect(header(sent[0]?.init, 'cf-access-client-id')).toBeNull()
  })

  it('leave what the caller set, and the caller what it gave', async () => {
    const { runtime, sent } = through()
    const init = { method: 'POST', body: '{}', headers: { 'X-Kept': 'of the caller' } }
    await runtime.fetch(`${home}/mcp`, init)
    expect(header(sent[0]?.init, 'x-kept')).toBe('of the caller')
    expect(sent[0]?.init).toMatchObject({ method: 'POST', body: '{}' })
    expect(init.headers).toEqual({ 'X-Kept': 'of the caller' })
  })

  it('are not followed elsewhere where the platform follows redirects itself', async () => {
    const { runtime, sent } = through({ redirects: 'platform' })
    await runtime.fetch(`${home}/mcp`)
    await runtime.fetch(`${home}/mcp`, { redirect: 'manual' })
    await runtime.fetch(new Request(`${home}/mcp`, { redirect: 'manual' }))
    await runtime.fetch('https://api.pensyve.com/v1')
    expect(sent.map(({ init }) => init.redirect)).toEqual(['error', 'manual', undefined, undefined])
    const server = through()
    await server.runtime.fetch(`${home}/mcp`)
    expect(server.sent[0]?.init.redirect).toBeUndefined()
  })

  it('make one function for each fetch, since what is known of a network is known by it', () => {
    const { fetch } = recording()
    const [one, again, other] = [fetch, fetch, recording().fetch].map((each) => runtimeFor(described, { fetch: each }))
    expect(one?.fetch).toBe(again?.fetch)
    expect(one?.fetch).not.toBe(other?.fetch)
    expect(runtimeFor(pensyve, { fetch }).fetch).toBe(fetch)
  })

  it('leave the rest of the runtime unread', () => {
    const runtime = runtimeFor(described, {
      now: () => 7,
      get crypto(): never {
        throw new TypeError('read too early')
      },
    })
    expect(runtime.now()).toBe(7)
  })

  it('go beside the credential', async () => {
    const { fetch, sent } = recording()
    const secret = createSecret('made-up')
    const credential = { name: 'test', get: () => ({ kind: 'access-token', source: 'test', secret }) as const }
    await createAuth(described, { credential, runtime: { fetch } }).fetch(`${home}/mcp`)
    expect([header(sent[0]?.init, 'authorization'), header(sent[0]?.init, 'cf-access-client-id')]).toEqual([
      'Bearer made-up',
      'id-1',
    ])
  })
})
