import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import {
  finishSignIn,
  memoryStore,
  type PentauthEvent,
  type Runtime,
  type StartSignInOptions,
  startSignIn,
  traceDiagram,
} from '../src/index.ts'
import { authorizationServer, type Endpoints } from './support/authorization-server.ts'
import { type Answer, json } from './support/server.ts'

const redirectUri = 'http://127.0.0.1:8123/callback'
const name = 'urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c'
const kept: Answer = (response) => json(response, 201, { request_uri: name, expires_in: 60 })

/** A server that takes pushed requests, and asks for them unless the metadata is changed. */
async function world(push: Answer | undefined = kept, metadata: object = {}, endpoints: Endpoints = {}) {
  const acme = await authorizationServer({
    push,
    metadata: (origin) => ({
      require_pushed_authorization_requests: true,
      pushed_authorization_request_endpoint: `${origin}/par`,
      ...metadata,
    }),
    ...endpoints,
  })
  const store = memoryStore()
  const events: PentauthEvent[] = []
  const shared = { store, onEvent: (event: PentauthEvent) => void events.push(event) }
  const pushes = () => acme.server.seen.filter(({ path }) => path === '/par')
  return {
    ...acme,
    events,
    pushes,
    registrations: () => acme.server.seen.filter(({ path }) => path === '/register').length,
    forms: () => pushes().map(({ body }) => Object.fromEntries(new URLSearchParams(body))),
    start: (options: Partial<StartSignInOptions> = {}, runtime: Partial<Runtime> = {}) =>
      startSignIn(acme.service, { ...shared, runtime, redirectUri, client: { name: 'Test' }, ...options }),
    finish: (callback: URL) => finishSignIn(acme.service, callback, shared),
  }
}

describe('a request that is pushed', () => {
  it('leaves the browser a name, and signs in', async () => {
    const { start, finish, forms, approve, origin, events } = await world()
    const { url, state } = await start()
    expect(url.href).toBe(`${origin}/authorize?client_id=client-1&request_uri=${encodeURIComponent(name)}`)
    expect(forms()).toEqual([
      {
        response_type: 'code',
        client_id: 'client-1',
        redirect_uri: redirectUri,
        scope: 'read',
        state,
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        code_challenge_method: 'S256',
        resource: `${origin}/mcp`,
      },
    ])
    // The server knows the rest by the name.
    const known = new URL(`${origin}/authorize?${new URLSearchParams(forms()[0])}`)
    expect(await finish(approve(known))).toMatchObject({ account: 'default', scopes: ['read'] })
    expect(traceDiagram(events)).toContain('POST /par, leaves what the sign-in asks for')
    expectNoMarker(events)
  })

  it('is pushed where the sign-in asks for it, and not otherwise', async () => {
    const { start, pushes } = await world(kept, { require_pushed_authorization_requests: undefined })
    expect((await start()).url.searchParams.has('code_challenge')).toBe(true)
    expect(pushes()).toHaveLength(0)
    expect((await start({ pushed: true })).url.searchParams.has('code_challenge')).toBe(false)
    expect(pushes()).toHaveLength(1)
  })

  it('keeps the query of the authorization endpoint where it is', async () => {
    const { start, forms } = await world(
      kept,
      {},
      {
        metadata: (origin: string) => ({
          require_pushed_authorization_requests: true,
          pushed_authorization_request_endpoint: `${origin}/par`,
          authorization_endpoint: `${origin}/authorize?tenant=a`,
        }),
      },
    )
    expect([...(await start()).url.searchParams.keys()]).toEqual(['tenant', 'client_id', 'request_uri'])
    expect(forms()[0]).not.toHaveProperty('tenant')
  })

  it('carries the proof of a client that has one', async () => {
    const methods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']
    const { start, pushes, origin, forms } = await world(kept, { token_endpoint_auth_methods_supported: methods })
    const secret = testKey.token('client')
    await start({ client: { clientId: 'one', clientSecret: secret, issuer: origin } })
    const [, sent = ''] = pushes()[0]?.headers.authorization?.split(' ') ?? []
    expect(decodeURIComponent(Buffer.from(sent, 'base64').toString()) === `one:${secret}`).toBe(true)
    const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
      'sign',
      'verify',
    ])
    await start({ client: { clientId: 'two', privateKey, issuer: origin } })
    const { client_assertion = '' } = forms()[1] ?? {}
    expect(JSON.parse(atob(client_assertion.split('.')[1] ?? ''))).toMatchObject({ iss: 'two', aud: origin })
  })

  it('names the key that the tokens are bound to', async () => {
    const { start, forms } = await world(kept, { dpop_signing_alg_values_supported: ['ES256'] })
    expect((await start({ dpop: true })).url.searchParams.has('dpop_jkt')).toBe(false)
    expect(forms()[0]?.dpop_jkt).toMatch(/^[\w-]{43}$/)
  })

  it('may be answered with 200', async () => {
    const { start } = await world((response) => json(response, 200, { request_uri: name }))
    expect((await start()).url.searchParams.get('request_uri')).toBe(name)
  })
})

describe('a client that registered itself', () => {
  it('is registered anew, once, where the server has forgotten it', async () => {
    let known = 2
    const { start, registrations, forms } = await world(
      (response, seen, server) => {
        const id = new URLSearchParams(seen.body).get('client_id')
        return id === `client-${known}`
          ? kept(response, seen, server)
          : json(response, 401, { error: 'invalid_client' })
      },
      {},
      {
        register: (response, { body }, { seen }) => {
          const made = seen.filter(({ path }) => path === '/register').length
          return json(response, 201, { ...JSON.parse(body), client_id: `client-${made}` })
        },
      },
    )
    expect((await start()).url.searchParams.get('client_id')).toBe('client-2')
    expect([registrations(), forms().map(({ client_id }) => client_id)]).toEqual([2, ['client-1', 'client-2']])
    // It stays, until it is forgotten, too; and where that goes on it is an error.
    expect((await start()).url.searchParams.get('client_id')).toBe('client-2')
    known = 9
    expect((await caught(start())).code).toBe('client_refused')
    expect(registrations()).toBe(3)
  })
})

describe('a refusal', () => {
  const refused = (status: number, body: object, headers: Record<string, string> = {}): Answer => {
    return (response) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }
  const client = { clientId: 'one' }

  it.each([
    ['of the client', refused(401, { error: 'invalid_client' }), 'client_refused', '401 "invalid_client"'],
    [
      'of the client, without a word',
      refused(401, {}, { 'www-authenticate': 'Basic realm="a"' }),
      'client_refused',
      '401 ""',
    ],
    [
      'of the scope',
      refused(400, { error: 'invalid_scope', error_description: 'no such scope' }),
      'sign_in_failed',
      'Acme refused the request of a sign-in: 400 "invalid_scope: no such scope".',
    ],
    [
      'for now, by its code',
      refused(400, { error: 'server_error' }),
      'temporarily_unavailable',
      'cannot sign anybody in now',
    ],
    ['for now', refused(503, {}, { 'retry-after': '7' }), 'temporarily_unavailable', '/par answered 503.'],
    ['that leads elsewhere', refused(302, {}, { location: 'https://elsewhere.example' }), 'sign_in_failed', '(302)'],
    ['that names nothing', refused(201, {}), 'sign_in_failed', '(201)'],
    ['that names what no URL holds', refused(201, { request_uri: 'a b' }), 'sign_in_failed', '(201)'],
    ['that is none', refused(200, { request_uri: name, error: 'invalid_request' }), 'sign_in_failed', '(200)'],
  ])('%s is told', async (_, push, code, message) => {
    const { start, events } = await world(push)
    const error = await caught(start({ client }))
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) })
    expect(error.retryable).toBe(code === 'temporarily_unavailable')
    expect(events.some(({ type }) => type === 'sign_in_started')).toBe(false)
  })

  it('that repeats a secret is told without it', async () => {
    const secret = testKey.token('client')
    const { start, origin } = await world(
      refused(400, { error: 'invalid_request', error_description: `what is ${secret}?` }),
      { token_endpoint_auth_methods_supported: ['client_secret_post'] },
    )
    const error = await caught(start({ client: { ...client, clientSecret: secret, issuer: origin } }))
    expect(error.code).toBe('sign_in_failed')
    expectNoMarker(error)
  })

  it('of a server that is away is told, and nobody is sent there', async () => {
    const { start, events } = await world((response) => response.destroy())
    expect(await caught(start({ client }))).toMatchObject({ code: 'temporarily_unavailable', retryable: true })
    expect(events.some(({ type }) => type === 'sign_in_started')).toBe(false)
  })
})

describe('a server without the endpoint', () => {
  it('that asks for pushed requests all the same cannot be used', async () => {
    const { start } = await world(kept, { pushed_authorization_request_endpoint: undefined })
    const error = await caught(start())
    expect(error.message).toContain('asks for pushed requests and has no "pushed_authorization_request_endpoint".')
    expect(error.code).toBe('discovery_failed')
  })

  it('is no place for a sign-in that asks for it', async () => {
    const none = { pushed_authorization_request_endpoint: undefined, require_pushed_authorization_requests: false }
    const { start, registrations } = await world(kept, none)
    const error = await caught(start({ pushed: true }))
    expect(error).toMatchObject({ code: 'discovery_failed' })
    expect(error.message).toContain('has no "pushed_authorization_request_endpoint". Leave the option "pushed" out.')
    expect(registrations()).toBe(0)
  })

  it('with one that leads inside is refused', async () => {
    const { start, pushes } = await world(kept, { pushed_authorization_request_endpoint: 'http://169.254.169.254/par' })
    expect((await caught(start())).code).toBe('unsafe_address')
    expect(pushes()).toHaveLength(0)
  })
})
