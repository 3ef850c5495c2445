import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { clientCredentials, createAuth, type PentauthEvent, signedIn, signOut } from '../src/index.ts'
import { finishSignIn, type StartSignInOptions, startSignIn } from '../src/sign-in.ts'
import { memoryStore } from '../src/store.ts'
import { authorizationServer, type Endpoints } from './support/authorization-server.ts'
import { lossyFetch } from './support/lossy-fetch.ts'
import { json } from './support/server.ts'

// What a listener is told of discovery, registration, sign-in, renewal and sign-out.

const redirectUri = 'http://127.0.0.1:8123/callback'

async function world(endpoints: Endpoints = {}, listen: (event: PentauthEvent) => unknown = () => undefined) {
  const acme = await authorizationServer(endpoints)
  const { service } = acme
  const store = memoryStore()
  const events: PentauthEvent[] = []
  let now = Date.now()
  const onEvent = (event: PentauthEvent) => {
    events.push(event)
    return listen(event) as undefined
  }
  const { fetch, lose } = lossyFetch()
  const shared = { store, onEvent, runtime: { now: () => now, sleep: async () => undefined, fetch } }
  const start = (options: Partial<StartSignInOptions> = {}) =>
    startSignIn(service, { ...shared, redirectUri, client: { name: 'Test' }, ...options })
  const finish = (callback: URL | string) => finishSignIn(service, callback, shared)
  return {
    ...acme,
    lose,
    start,
    finish,
    signIn: async (options: Partial<StartSignInOptions> = {}) => finish(acme.approve((await start(options)).url)),
    auth: () => createAuth(service, { ...shared, credential: signedIn({ store }) }),
    signOut: () => signOut(service, shared),
    advance: (ms: number) => {
      now += ms
    },
    /** All that was told until now, or what was told of one type. */
    async told<T extends PentauthEvent['type']>(type?: T) {
      await new Promise((resolve) => setImmediate(resolve))
      expectNoMarker(events)
      return events.filter((event): event is Extract<PentauthEvent, { type: T }> => event.type === (type ?? event.type))
    },
  }
}

describe('requests', () => {
  it('are told when they leave and when they end, all that a server sees and no more', async () => {
    const { signIn, auth, advance, signOut, told, server } = await world({
      token: (response, { body }) =>
        json(response, body.includes('refresh_token') ? 400 : 200, {
          access_token: testKey.token(),
          refresh_token: testKey.token('r'),
          token_type: 'Bearer',
          expires_in: 10,
          ...(body.includes('refresh_token') ? { error: 'invalid_scope' } : {}),
        }),
    })
    await signIn()
    advance(10_000)
    await caught(auth().credential())
    await signOut()
    const sent = await told('request_sent')
    const ended = await told('request_ended')
    expect(sent.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual(
      server.seen.map(({ method, path }) => `${method} ${path}`),
    )
    expect(sent.map(({ purpose }) => purpose)).toEqual([
      'resource_metadata',
      'server_metadata',
      'registration',
      'token',
      'token',
      'revocation',
    ])
    expect(ended.map(({ status, error }) => [status, error])).toEqual([
      [200, undefined],
      [200, undefined],
      [201, undefined],
      [200, undefined],
      [400, 'invalid_scope'],
      [200, undefined],
    ])
    const facts = ({ id, purpose, method, url }: (typeof sent)[number] | (typeof ended)[number]) => ({
      ...{ id, purpose, method, url },
    })
    expect(ended.map(facts)).toEqual(sent.map(facts))
    expect(new Set(sent.map(({ id }) => id)).size).toBe(sent.length)
    expect(ended.every(({ duration }) => duration === 0)).toBe(true)
  })

  it('without an answer say so, and why where that is known', async () => {
    const { start, told } = await world()
    const lost = async () =>
      Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } }))
    await caught(start({ runtime: { fetch: lost } }))
    const late = async () => Promise.reject(new DOMException('', 'TimeoutError'))
    await caught(start({ runtime: { fetch: late } }))
    expect(await told('request_ended')).toMatchObject([
      { status: undefined, error: undefined, reason: 'ECONNRESET' },
      { status: undefined, error: undefined, reason: 'timeout' },
    ])
    expect(await told('discovery_failed')).toMatchObject([
      {
        resource: 'mcp',
        code: 'temporarily_unavailable',
        status: undefined,
        reason: expect.stringContaining('ECONNRESET'),
      },
      { code: 'temporarily_unavailable' },
    ])
  })

  it('show no query, and no word that may be a key', async () => {
    const { start, approve, finish, told } = await world({
      metadata: (origin) => ({ token_endpoint: `${origin}/token/${testKey.token('in a path')}?tenant=a` }),
    })
    await caught(finish(approve((await start()).url)))
    const [requested] = await told('token_requested')
    expect(requested?.tokenEndpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/token\/.{8}…$/)
    expect((await told('request_ended')).at(-1)).toMatchObject({ status: 404, url: requested?.tokenEndpoint })
  })

  it('show no code that is none of the standards’: servers repeat what they were sent', async () => {
    const { start, approve, finish, told } = await world({
      token: (response, { body }) => json(response, 400, { error: new URLSearchParams(body).get('code') }),
    })
    await caught(finish(approve((await start()).url)))
    expect((await told('request_ended')).at(-1)).toMatchObject({ purpose: 'token', status: 400, error: undefined })
    expect(await told('sign_in_failed')).toMatchObject([{ status: 400, error: '[secret]' }])
  })

  it('of client credentials, too', async () => {
    const { service, origin } = await world({ token: (response) => json(response, 503, {}) })
    const events: PentauthEvent[] = []
    const oauth = {
      tokenEndpoint: `${origin}/token`,
      grants: ['client_credentials'],
      tokenEndpointAuthMethod: 'client_secret_post',
    }
    const auth = createAuth({ ...service, oauth } as never, {
      credential: clientCredentials({ clientId: 'one', clientSecret: testKey.token('client secret') }),
      onEvent: (event) => void events.push(event),
    })
    await caught(auth.credential())
    await new Promise((resolve) => setImmediate(resolve))
    expect(events.map(({ type }) => type)).toEqual([
      'token_requested',
      'request_sent',
      'request_ended',
      'token_request_failed',
    ])
    expectNoMarker(events)
  })
})

describe('a sign-in', () => {
  it('is told step by step', async () => {
    const { signIn, told, origin } = await world()
    await signIn({ account: 'work' })
    expect((await told()).map(({ type }) => type)).toEqual([
      ...['request_sent', 'request_ended', 'request_sent', 'request_ended', 'server_discovered'],
      ...['request_sent', 'request_ended', 'client_registered', 'sign_in_started', 'sign_in_returned'],
      ...['token_requested', 'request_sent', 'request_ended', 'token_received', 'signed_in'],
    ])
    expect(await told('sign_in_started')).toEqual([
      {
        service: 'acme',
        type: 'sign_in_started',
        account: 'work',
        clientId: 'client-1',
        issuer: origin,
        way: 'redirect',
        page: `${origin}/authorize`,
        scope: 'read',
      },
    ])
    expect(await told('sign_in_returned')).toEqual([
      { service: 'acme', type: 'sign_in_returned', account: 'work', issuer: origin },
    ])
  })

  it('that the person declines is told with the server’s code', async () => {
    const { start, finish, approve, told, origin } = await world()
    const changes = { code: null, error: 'access_denied', error_description: testKey.token('said') }
    await caught(finish(approve((await start()).url, changes)))
    expect(await told('sign_in_failed')).toEqual([
      {
        service: 'acme',
        type: 'sign_in_failed',
        account: 'default',
        issuer: origin,
        code: 'sign_in_failed',
        status: undefined,
        error: 'access_denied',
        reason: expect.stringContaining('It was declined.'),
      },
    ])
    expect(await told('sign_in_returned')).toEqual([])
  })

  it('whose callback is no answer is told, with whose it is where that is known', async () => {
    const { start, finish, approve, told, origin } = await world()
    const { url } = await start()
    await caught(finish(`${redirectUri}?code=${testKey.token('code')}&state=${testKey.token('state')}`))
    await caught(finish(approve(url, { iss: `https://${testKey.token('iss')}.example` })))
    await caught(finish(approve(url)))
    const nobody = { account: undefined, issuer: undefined, code: 'sign_in_response_invalid' }
    expect(await told('sign_in_failed')).toMatchObject([
      nobody,
      {
        account: 'default',
        issuer: origin,
        code: 'sign_in_response_invalid',
        reason: expect.stringContaining('Another server'),
      },
      nobody,
    ])
  })

  it('whose code or client is refused is told with status and code', async () => {
    let error = 'invalid_grant'
    const { start, finish, approve, told } = await world({
      token: (response) => json(response, 400, { error, error_description: 'no' }),
    })
    await caught(finish(approve((await start()).url)))
    error = 'invalid_client'
    await caught(finish(approve((await start()).url)))
    expect(await told('sign_in_failed')).toMatchObject([
      { code: 'sign_in_failed', status: 400, error: 'invalid_grant' },
      { code: 'client_refused', status: 400, error: 'invalid_client' },
    ])
    expect(await told('client_forgotten')).toHaveLength(1)
  })

  it('in trouble is told, and may be finished with the same callback', async () => {
    let isBusy = true
    const { start, finish, approve, told } = await world({
      token: (response) =>
        isBusy ? json(response, 503, {}) : json(response, 200, { access_token: testKey.token(), token_type: 'Bearer' }),
    })
    const callback = approve((await start()).url)
    await caught(finish(callback))
    isBusy = false
    await finish(callback)
    expect(await told('sign_in_failed')).toMatchObject([{ code: 'temporarily_unavailable', status: 503 }])
    expect(await told('signed_in')).toHaveLength(1)
  })

  it('for more scope says what it adds; one that would lead nowhere is told', async () => {
    const { signIn, start, told } = await world()
    const challenge = (scope: string) => ({ scheme: 'bearer', parameters: { error: 'insufficient_scope', scope } })
    await signIn()
    await start({ challenge: challenge('read write') })
    expect((await told('sign_in_started')).map(({ scope, addedScopes }) => [scope, addedScopes])).toEqual([
      ['read', undefined],
      ['read write', ['write']],
    ])
    await caught(start({ challenge: challenge('read') }))
    expect(await told('sign_in_failed')).toMatchObject([{ code: 'insufficient_scope', account: undefined }])
  })

  it('shows no token that a resource names as a scope', async () => {
    const { start, told } = await world()
    await start({ challenge: { scheme: 'bearer', parameters: { scope: `write ${testKey.token('echo')}` } } })
    expect((await told('sign_in_started'))[0]?.scope).toMatch(/^write .{8}…$/)
  })
})

describe('what fails before a person is asked', () => {
  it.each([
    [{ issuer: 'https://other.example' }, 'discovery_failed', 'names another issuer'],
    [{ token_endpoint: 'http://10.0.0.1/token' }, 'unsafe_address', 'http://10.0.0.1/token'],
    [{ code_challenge_methods_supported: ['plain'] }, 'discovery_failed', 'S256'],
    [
      { authorization_endpoint: 'https://evil.example/a', authorization_response_iss_parameter_supported: false },
      'discovery_failed',
      'https://evil.example',
    ],
  ])('a discovery: %j', async (changes, code, reason) => {
    const { start, told } = await world({ metadata: () => changes })
    await caught(start())
    expect(await told('discovery_failed')).toMatchObject([
      { resource: 'mcp', code, error: undefined, reason: expect.stringContaining(reason) },
    ])
    expect(await told('sign_in_started')).toEqual([])
  })

  it('a discovery says which address was in trouble', async () => {
    const { start, told, origin } = await world({ metadata: () => ({}) })
    await caught(start({ runtime: { fetch: async () => new Response('', { status: 503 }) } }))
    expect(await told('discovery_failed')).toMatchObject([
      { code: 'temporarily_unavailable', status: 503, reason: expect.stringContaining(`${origin}/.well-known/`) },
    ])
  })

  it.each([
    [400, { error: 'invalid_redirect_uri' }, 'registration_failed', 'invalid_redirect_uri'],
    [401, {}, 'registration_failed', undefined],
    [201, { client_id: '' }, 'registration_failed', undefined],
    [503, {}, 'temporarily_unavailable', undefined],
  ])('a registration: %i %j', async (status, body, code, error) => {
    const { start, told, origin } = await world({ register: (response) => json(response, status, body) })
    await caught(start())
    expect(await told('registration_failed')).toMatchObject([{ issuer: origin, code, error }])
    expect(await told('client_registered')).toEqual([])
  })
})

describe('a session', () => {
  it('that is renewed after a lost answer tells of both requests', async () => {
    let requests = 0
    const { signIn, auth, advance, told, lose } = await world({
      token: (response) => {
        requests += 1
        return json(response, 200, {
          access_token: testKey.token(String(requests)),
          refresh_token: testKey.token('r'),
          token_type: 'Bearer',
          expires_in: 10,
        })
      },
    })
    await signIn()
    advance(10_000)
    lose()
    await auth().credential()
    const all = (await told())
      .filter(({ type }) => type !== 'credential_selected')
      .map((event) => (event.type === 'request_ended' ? event.status : event.type))
    expect(all.slice(all.indexOf('signed_in') + 1)).toEqual([
      ...['token_requested', 'request_sent', undefined, 'token_request_failed'],
      ...['token_requested', 'request_sent', 200, 'token_received', 'session_renewed'],
    ])
  })

  it('that is signed out tells of the revocation request', async () => {
    const { signIn, signOut, told } = await world({
      revoke: (response) => json(response, 400, { error: 'invalid_client' }),
    })
    await signIn()
    await signOut()
    expect((await told()).slice(-3)).toMatchObject([
      { type: 'request_sent', purpose: 'revocation' },
      { type: 'request_ended', purpose: 'revocation', status: 400, error: 'invalid_client' },
      { type: 'signed_out', revocation: 'failed', code: 'token_request_rejected' },
    ])
  })
})

describe('a listener', () => {
  it.each([
    ['throws', () => expect.fail('listener')],
    ['rejects', () => Promise.reject(new Error('listener'))],
  ])('that %s at every event disturbs no sign-in, renewal or sign-out', async (_name, listen) => {
    const { signIn, auth, advance, signOut, told } = await world({}, listen)
    await signIn()
    advance(3_600_000)
    expect((await auth().credential()).kind).toBe('access-token')
    await signOut()
    expect(await told('signed_out')).toMatchObject([{ revocation: 'done' }])
  })

  it('that asks for a token at every event makes no more requests', async () => {
    let ask: () => unknown = () => undefined
    const { signIn, auth, advance, told, tokenRequests } = await world({}, () => ask())
    await signIn()
    advance(3_600_000)
    const authorized = auth()
    const asked: Promise<unknown>[] = []
    ask = () => void asked.push(authorized.credential())
    await authorized.credential()
    await told()
    await Promise.all(asked)
    expect(asked.length).toBeGreaterThan(3)
    expect(tokenRequests()).toHaveLength(2)
  })

  it('changes no answer: what was read for an event is read again', async () => {
    const { start, finish, approve } = await world({
      token: (response) => json(response, 400, { error: 'invalid_grant', error_description: 'used before' }),
    })
    const error = await caught(finish(approve((await start()).url)))
    expect(error.message).toContain('used before')
  })
})
