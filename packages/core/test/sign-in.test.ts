import { createHash } from 'node:crypto'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it, vi } from 'vitest'
import {
  createAuth,
  createSecret,
  firstOf,
  type PentauthEvent,
  parseChallenge,
  type Store,
  signedIn,
  signOut,
} from '../src/index.ts'
import type { Lock } from '../src/lock.ts'
import { pendra } from '../src/services.ts'
import { sessionKey } from '../src/session-key.ts'
import { type Callback, finishSignIn, type StartSignInOptions, startSignIn } from '../src/sign-in.ts'
import { memoryStore } from '../src/store.ts'
import { authorizationServer, type Endpoints } from './support/authorization-server.ts'
import { json } from './support/server.ts'

const redirectUri = 'http://127.0.0.1:8123/callback'
const full = () => Object.assign(new Error(`cannot write ${testKey.token()}`), { code: 'ENOSPC' })

async function world(endpoints: Endpoints = {}) {
  const acme = await authorizationServer(endpoints)
  const store = memoryStore()
  const events: PentauthEvent[] = []
  let now = Date.now()
  const shared = { store, onEvent: (event: PentauthEvent) => void events.push(event), runtime: { now: () => now } }
  return {
    ...acme,
    store,
    events,
    advance: (ms: number) => {
      now += ms
    },
    start: (options: Partial<StartSignInOptions> = {}) =>
      startSignIn(acme.service, { ...shared, redirectUri, client: { name: 'Test' }, ...options }),
    finish: (callback: Callback) => finishSignIn(acme.service, callback, shared),
  }
}

describe('a sign-in', () => {
  it('goes from nothing to a saved session', async () => {
    const { start, finish, approve, store, tokenRequests, origin, events } = await world()
    const { url, state, expiresAt } = await start()
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'client-1',
      redirect_uri: redirectUri,
      scope: 'read',
      state,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
      resource: `${origin}/mcp`,
    })
    expect(expiresAt).toBeGreaterThan(Date.now() + 590_000)
    expect(await finish(approve(url))).toMatchObject({ account: 'default', scopes: ['read'] })
    const [form] = tokenRequests()
    expect(Object.fromEntries(form as URLSearchParams)).toMatchObject({
      grant_type: 'authorization_code',
      redirect_uri: redirectUri,
      client_id: 'client-1',
      resource: `${origin}/mcp`,
    })
    const saved = await store.get(`session/${encodeURIComponent(`${origin}/mcp`)}/default/default`)
    expect(JSON.parse(saved as string)).toMatchObject({
      issuer: origin,
      accessToken: testKey.token('access 1'),
      refreshToken: testKey.token('refresh 1'),
      revocationEndpoint: `${origin}/revoke`,
      client: { clientId: 'client-1', authMethod: 'none' },
      // By which it is told from the sign-in before and the one after.
      signInId: expect.stringMatching(/^[\w-]{43}$/),
    })
    expect(await store.get('sign-ins')).toBeUndefined()
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['sign_in_started', 'token_received', 'signed_in']),
    )
    expectNoMarker(events)
  })

  it('takes a URL, its text, its query, or the parameters', async () => {
    const { start, finish, approve } = await world()
    const forms = [
      (url: URL) => url,
      (url: URL) => url.href,
      (url: URL) => url.search,
      (url: URL) => url.search.slice(1),
      (url: URL) => ` ${url.href}\n`,
      (url: URL) => url.searchParams,
    ]
    for (const form of forms) {
      const { url } = await start()
      expect(await finish(form(approve(url)))).toMatchObject({ account: 'default' })
    }
  })

  it('asks for the scope that was given, else the challenge’s, else the resource’s, and for a refresh token where that has a scope', async () => {
    const { start } = await world({ metadata: () => ({ scopes_supported: ['read', 'offline_access'] }) })
    const scopeOf = async (options: Partial<StartSignInOptions>) => (await start(options)).url.searchParams.get('scope')
    const challenge = { scheme: 'bearer', parameters: { scope: 'write' } }
    expect(await scopeOf({ scope: 'a b', challenge })).toBe('a b offline_access')
    expect(await scopeOf({ challenge })).toBe('write offline_access')
    expect(await scopeOf({})).toBe('read offline_access')
    expect((await start()).url.searchParams.get('prompt')).toBe('consent')
  })

  it('adds what a refusal names to what is held, once', async () => {
    const { start, finish, approve } = await world()
    await finish(approve((await start()).url))
    const challenge = (scope: string) => ({ scheme: 'bearer', parameters: { error: 'insufficient_scope', scope } })
    expect((await start({ challenge: challenge('write read') })).url.searchParams.get('scope')).toBe('read write')
    expect((await start({ challenge: challenge('write'), account: 'new' })).url.searchParams.get('scope')).toBe('write')
    // What is held already cannot be missing: signing in for it would never end.
    const error = await caught(start({ challenge: challenge('read') }))
    expect(error).toMatchObject({ code: 'insufficient_scope', parameters: { scope: 'read' } })
  })

  it('leaves the scope out where nobody names one', async () => {
    const { start } = await world({ resourceMetadata: () => ({ scopes_supported: undefined }) })
    expect((await start()).url.searchParams.has('scope')).toBe(false)
  })

  it('keeps what the authorization endpoint has in its query', async () => {
    const { start } = await world({
      metadata: (origin) => ({ authorization_endpoint: `${origin}/authorize?tenant=a` }),
    })
    expect((await start()).url.searchParams.getAll('tenant')).toEqual(['a'])
  })

  it('of several accounts at once: each has its own session', async () => {
    const { start, finish, approve, store, origin } = await world()
    const [ada, bob] = await Promise.all([start({ account: 'ada' }), start({ account: 'bob' })])
    expect(await finish(approve(bob.url))).toMatchObject({ account: 'bob' })
    expect(await finish(approve(ada.url))).toMatchObject({ account: 'ada' })
    for (const account of ['ada', 'bob']) {
      expect(await store.get(`session/${encodeURIComponent(`${origin}/mcp`)}/default/${account}`)).toContain(
        `"${account}"`,
      )
    }
  })

  it('makes a verifier and a state of its own each time', async () => {
    const { start } = await world()
    const seen = new Set<string>()
    for (let round = 0; round < 50; round++) {
      const { url, state } = await start()
      seen.add(state).add(url.searchParams.get('code_challenge') as string)
      expect(state).toMatch(/^[\w-]{43,128}$/)
    }
    expect(seen.size).toBe(100)
  })

  it('fills no store with sign-ins that nobody finishes', async () => {
    const { start, store, advance } = await world()
    for (let round = 0; round < 520; round++) await start()
    expect(JSON.parse((await store.get('sign-ins')) as string)).toHaveLength(500)
    advance(600_000)
    await start()
    expect(JSON.parse((await store.get('sign-ins')) as string)).toHaveLength(1)
  })

  it.each([
    ['no redirect URI', { redirectUri: undefined }],
    ['a challenge that is text', { challenge: 'Bearer scope="a"' }],
    ['a challenge that is something else', { challenge: {} }],
    ['a client that is text', { client: 'client-1' }],
    ['a client with another spelling', { client: { clientID: 'client-1' } }],
  ])('refuses %s before anything is sent', async (_, options) => {
    const { start, server } = await world()
    expect((await caught(start(options as never))).code).toBe('invalid_option')
    expect(server.seen).toEqual([])
  })

  it('answers the challenge for Bearer tokens, wherever it stands', async () => {
    const { start } = await world()
    const challenge = parseChallenge('DPoP algs="ES256", Bearer error="insufficient_scope", scope="write"')
    expect((await start({ challenge })).url.searchParams.get('scope')).toBe('write')
    const odd = { scheme: 'bearer', parameters: { scope: 5 as never } }
    expect((await start({ challenge: odd })).url.searchParams.get('scope')).toBe('read')
  })

  it.each<[string, (url: URL) => Callback]>([
    ['a request', (url) => new Request(url)],
    ['a request of Node', ({ pathname, search }) => ({ url: pathname + search })],
    ['an address to which the server added something', (url) => `${url}#_=_`],
  ])('is finished by %s', async (_, form) => {
    const { start, finish, approve } = await world()
    expect(await finish(form(approve((await start()).url)))).toMatchObject({ account: 'default' })
  })

  it('registers anew where people are sent to the server and nobody comes back', async () => {
    const { start, finish, approve, server, advance } = await world()
    const registrations = () => server.seen.filter(({ path }) => path === '/register').length
    for (let round = 0; round < 5; round++) await start()
    expect(registrations()).toBe(1)
    await finish(approve((await start()).url))
    advance(60_000)
    for (let round = 0; round < 2; round++) await start()
    advance(60_000)
    expect(registrations()).toBe(1)
    const { url } = await start()
    expect(registrations()).toBe(2)
    await finish(approve(url))
    await start()
    expect(registrations()).toBe(2)
  })

  it('is discovered anew through another fetch', async () => {
    const { start, server } = await world()
    const documents = () => server.seen.filter(({ path }) => path.startsWith('/.well-known/')).length
    await start()
    await start()
    expect(documents()).toBe(2)
    await start({ runtime: { fetch: (input, init) => fetch(input, init) } })
    expect(documents()).toBe(4)
  })

  it('has one way out in each error', async () => {
    const stale = await world({ token: (response) => json(response, 400, { error: 'invalid_grant' }) })
    const code = await caught(stale.finish(stale.approve((await stale.start()).url)))
    expect(code.message).not.toContain('check its settings')
    expect(code.message).toContain('Start the sign-in again: a code works once')
    const unknown = await world({ token: (response) => json(response, 401, { error: 'invalid_client' }) })
    const client = await caught(unknown.finish(unknown.approve((await unknown.start()).url)))
    expect([client.code, client.hint]).toEqual(['client_refused', 'Start the sign-in again: it registers anew.'])
    expect(client.message).not.toContain('Check client ID')
  })

  it('inherits nothing', async () => {
    const { start, finish, approve } = await world()
    const prototype = Object.prototype as { held?: unknown; lock?: unknown; scopes?: unknown }
    Object.assign(prototype, { held: ['admin'], lock: () => Promise.reject(new Error('no lock')), scopes: ['admin'] })
    try {
      const { url } = await start()
      expect(url.searchParams.get('scope')).toBe('read')
      expect(await finish(approve(url))).toEqual({
        account: 'default',
        scopes: ['read'],
        expiresAt: expect.any(Number),
      })
    } finally {
      for (const name of ['held', 'lock', 'scopes'] as const) delete prototype[name]
    }
  })

  it('is for services that take access tokens', async () => {
    const error = await caught(startSignIn(pendra, { store: memoryStore(), redirectUri }))
    expect(error).toMatchObject({ code: 'invalid_option', message: expect.stringContaining('takes no access tokens') })
    const { service } = await authorizationServer()
    expect((await caught(startSignIn(service, { store: memoryStore(), redirectUri, resource: 'rest' }))).code).toBe(
      'invalid_option',
    )
  })
})

describe('what is not mixed up', () => {
  it('the callback of one service finishes no sign-in of another, and stays good for its own', async () => {
    const { start, approve, finish, store } = await world()
    const other = await authorizationServer()
    const { url } = await start()
    const callback = approve(url)
    const error = await caught(finishSignIn({ ...other.service, id: 'other' }, callback, { store }))
    expect(error.code).toBe('sign_in_response_invalid')
    expect((await caught(finishSignIn(other.service, callback, { store }))).code).toBe('sign_in_response_invalid')
    expect(other.tokenRequests()).toEqual([])
    expect(await finish(callback)).toMatchObject({ account: 'default' })
  })

  it('nor one of another account or program', async () => {
    const { start, approve, service, store, finish } = await world()
    const callback = approve((await start({ account: 'mallory' })).url)
    for (const whose of [{ account: 'victim' }, { app: 'other' }]) {
      const error = await caught(finishSignIn(service, callback, { store, ...whose }))
      expect(error.code).toBe('sign_in_response_invalid')
    }
    expect(await finish(callback)).toMatchObject({ account: 'mallory' })
  })

  it('stores that wrap one another', async () => {
    const { start, approve, service } = await world()
    const base = memoryStore()
    const tenant = (name: string): Store =>
      new Proxy(base, {
        get: (_, method) =>
          method === 'get' || method === 'set' || method === 'delete'
            ? (key: string, value: string) => base[method](`${name}/${key}`, value)
            : Reflect.get(base, method),
      })
    const alice = tenant('alice')
    const { url } = await start({ store: alice })
    await finishSignIn(service, approve(url), { store: alice })
    const auth = (store: Store) => createAuth(service, { credential: signedIn({ store }) })
    expect((await auth(alice).credential()).kind).toBe('access-token')
    expect((await caught(auth(tenant('bob')).credential())).code).toBe('sign_in_required')
  })
})

describe('what goes wrong on the way', () => {
  it('a lock that only fails to let go: its work is done', async () => {
    const { start, approve, service, store } = await world()
    const lock: Lock = async (_name, run) => {
      await run()
      throw new Error('could not let go')
    }
    const { url } = await start({ lock })
    expect(await finishSignIn(service, approve(url), { store, lock })).toMatchObject({ account: 'default' })
  })

  it.each<[string, Partial<StartSignInOptions>]>([
    ['could not be read', { store: { ...memoryStore(), get: () => Promise.reject(new Error('busy')) } }],
    ['could not be written (ENOSPC)', { store: { ...memoryStore(), set: () => Promise.reject(full()) } }],
    ['could not be locked', { lock: () => Promise.reject(new Error('redis down')) }],
  ])('a store that %s', async (what, options) => {
    const { start } = await world()
    const error = await caught(start(options))
    expect(error).toMatchObject({ code: 'store_failed', retryable: true })
    expect(error.message).toContain(what)
  })

  it('a store that cannot be read when the session comes: the new one counts, not the one before', async () => {
    const { start, approve, service } = await world()
    const held = memoryStore()
    let isBroken = false
    const get = (key: string) =>
      isBroken && key.startsWith('session/') ? Promise.reject(new Error('busy')) : held.get(key)
    const store = { ...held, get }
    await finishSignIn(service, approve((await start({ store })).url), { store })
    const { url } = await start({ store })
    isBroken = true
    await finishSignIn(service, approve(url), { store })
    isBroken = false
    const auth = createAuth(service, { credential: signedIn({ store }) })
    expect((await auth.credential()).secret.reveal()).toBe(testKey.token('access 2'))
  })

  it('a server that forgets the client: one more registration with the next sign-in', async () => {
    let isKnown = true
    const { start, approve, finish, service, store, server } = await world({
      token: (response, { body }) =>
        isKnown || !body.includes('grant_type=refresh_token')
          ? json(response, 200, {
              access_token: testKey.token(),
              token_type: 'Bearer',
              expires_in: 1,
              refresh_token: testKey.token('r'),
            })
          : json(response, 401, { error: 'invalid_client' }),
    })
    await finish(approve((await start()).url))
    isKnown = false
    const auth = createAuth(service, { credential: signedIn({ store }), runtime: { now: () => Date.now() + 10_000 } })
    expect((await caught(auth.credential())).code).toBe('sign_in_required')
    await start()
    expect(server.seen.filter(({ path }) => path === '/register')).toHaveLength(2)
  })

  it('a gateway in front of the token endpoint: its 401 ends no session', async () => {
    let isThere = true
    const { start, approve, finish, service, store } = await world({
      token: (response) =>
        isThere
          ? json(response, 200, {
              access_token: testKey.token(),
              token_type: 'Bearer',
              expires_in: 1,
              refresh_token: testKey.token('r'),
            })
          : response.writeHead(401, { 'www-authenticate': 'Basic realm="gateway"' }).end('<html>'),
    })
    await finish(approve((await start()).url))
    isThere = false
    let now = Date.now() + 10_000
    const auth = createAuth(service, { credential: signedIn({ store }), runtime: { now: () => now } })
    expect((await caught(auth.credential())).code).toBe('client_refused')
    isThere = true
    now += 60_000
    expect((await auth.credential()).kind).toBe('access-token')
  })

  it.each([
    { id_token: null },
    { id_token: 'a.b.c' },
    { scope: null },
    { scope: ['read'] },
    { refresh_token: null },
    { expires_in: true },
  ])('parts of an answer that nobody needs: %j', async (more) => {
    const { start, approve, finish } = await world({
      token: (response) => json(response, 200, { access_token: testKey.token(), token_type: 'Bearer', ...more }),
    })
    expect(await finish(approve((await start()).url))).toMatchObject({ account: 'default' })
  })

  it('a fetch that does not listen to its signal hangs nobody', async () => {
    const { service } = await authorizationServer()
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(new DOMException('', 'TimeoutError')), 5)
      return controller.signal
    })
    const runtime = { fetch: () => new Promise<Response>(() => undefined) }
    const error = await caught(startSignIn(service, { store: memoryStore(), redirectUri, runtime }))
    vi.restoreAllMocks()
    expect(error).toMatchObject({ code: 'temporarily_unavailable', retryable: true })
  })

  it('a clock that is a little behind', async () => {
    const { start, approve, finish, advance } = await world()
    const { url } = await start()
    advance(-30_000)
    expect(await finish(approve(url))).toMatchObject({ account: 'default' })
  })

  it('a scope that is never granted is asked for once', async () => {
    const { start, approve, finish } = await world()
    const challenge = { scheme: 'bearer', parameters: { error: 'insufficient_scope', scope: 'admin' } }
    await finish(approve((await start({ challenge })).url))
    expect((await caught(start({ challenge }))).code).toBe('insufficient_scope')
  })

  it('scopes that are never granted and take turns are asked for once each, until somebody signs in without a refusal', async () => {
    const { start, approve, finish, store, service } = await world()
    await finish(approve((await start()).url))
    const challenge = (scope: string) => ({ scheme: 'bearer', parameters: { error: 'insufficient_scope', scope } })
    const asked: string[] = []
    for (const scope of ['write', 'admin', 'write', 'admin', 'admin write', 'write read']) {
      const started = await start({ challenge: challenge(scope) }).catch((error) => error.code)
      asked.push(typeof started === 'string' ? started : started.url.searchParams.get('scope'))
      if (typeof started !== 'string') await finish(approve(started.url))
    }
    expect(asked).toEqual(['read write', 'read admin', ...Array(4).fill('insufficient_scope')])
    // What two sign-ins asked for is in one session.
    expect(
      JSON.parse((await store.get(sessionKey(service.resources.mcp, 'default', 'default'))) ?? '').requested,
    ).toEqual(['read', 'write', 'admin'])
    await finish(approve((await start({ scope: 'read' })).url))
    expect((await start({ challenge: challenge('write') })).url.searchParams.get('scope')).toBe('read write')
  })

  it('a refusal that names no scope leads to all the resource lists, and once', async () => {
    const { start, approve, finish } = await world({
      resourceMetadata: () => ({ scopes_supported: ['read', 'write'] }),
    })
    await finish(approve((await start({ scope: 'read' })).url))
    const challenge = { scheme: 'bearer', parameters: { error: 'insufficient_scope' } }
    const { url } = await start({ challenge })
    expect(url.searchParams.get('scope')).toBe('read write')
    await finish(approve(url))
    const error = await caught(start({ challenge }))
    expect(error).toMatchObject({ code: 'insufficient_scope', service: 'acme' })
    expect(error.parameters).toBeUndefined()
    expect(error.message).toContain('none that was not asked for')
  })

  it('a refusal adds to the scope that the caller always asks for', async () => {
    const { start, approve, finish } = await world()
    await finish(approve((await start({ scope: 'read' })).url))
    const challenge = { scheme: 'bearer', parameters: { error: 'insufficient_scope', scope: 'write' } }
    const { url } = await start({ scope: 'read', challenge })
    expect(url.searchParams.get('scope')).toBe('read write')
    await finish(approve(url))
    expect((await caught(start({ scope: 'read', challenge }))).code).toBe('insufficient_scope')
    expect((await start({ scope: 'more', challenge })).url.searchParams.get('scope')).toBe('read more write')
  })

  it.each([
    undefined,
    null,
    {},
    { store: {} },
    { store: memoryStore(), scope: ['a'] },
    { store: memoryStore(), app: 5 },
  ])('options that cannot be used, before anything is sent: %j', async (options) => {
    const { service, server } = await authorizationServer()
    expect((await caught(startSignIn(service, options as never))).code).toBe('invalid_option')
    expect(server.seen).toEqual([])
  })

  it('a chain of one link has that link’s error', async () => {
    const { service, store } = await world()
    const auth = createAuth(service, { credential: firstOf(signedIn({ store })) })
    expect((await caught(auth.credential())).code).toBe('sign_in_required')
  })

  it('a chain goes on to its other link after a sign-out', async () => {
    const { start, approve, finish, service, store } = await world()
    const other = { kind: 'access-token', source: 'other', secret: createSecret(testKey.token('other')) } as const
    const credential = firstOf(signedIn({ store }), { name: 'other', kind: 'access-token', get: () => other })
    const auth = createAuth(service, { credential })
    await finish(approve((await start()).url))
    expect((await auth.credential()).source).toBe('sign-in')
    await signOut(service, { store })
    expect((await auth.credential()).source).toBe('other')
  })
})

describe('the token endpoint', () => {
  it('refuses the code: the sign-in failed, and the reason is told', async () => {
    const { start, finish, approve } = await world({
      token: (response) => json(response, 400, { error: 'invalid_grant', error_description: 'too late' }),
    })
    const error = await caught(finish(approve((await start()).url)))
    expect(error).toMatchObject({ code: 'sign_in_failed', status: 400, parameters: { error: 'invalid_grant' } })
    expect(error.message).toContain('invalid_grant: too late')
    expectNoMarker(error)
  })

  it('does not know the client: it is registered anew with the next sign-in', async () => {
    let isKnown = false
    const { start, finish, approve, server } = await world({
      token: (response) =>
        isKnown
          ? json(response, 200, { access_token: testKey.token(), token_type: 'Bearer' })
          : json(response, 401, { error: 'invalid_client' }),
    })
    expect((await caught(finish(approve((await start()).url)))).code).toBe('client_refused')
    isKnown = true
    expect(await finish(approve((await start()).url))).toEqual({ account: 'default', scopes: ['read'] })
    expect(server.seen.filter(({ path }) => path === '/register')).toHaveLength(2)
  })

  it('cannot answer now: an error that passes, and the same callback may be tried again', async () => {
    let isThere = false
    const { start, finish, approve } = await world({
      token: (response) =>
        isThere
          ? json(response, 200, { access_token: testKey.token(), token_type: 'Bearer' })
          : response.writeHead(503).end(),
    })
    const callback = approve((await start()).url)
    expect(await caught(finish(callback))).toMatchObject({ code: 'temporarily_unavailable', retryable: true })
    isThere = true
    expect(await finish(callback)).toMatchObject({ account: 'default' })
    expect((await caught(finish(callback))).code).toBe('sign_in_response_invalid')
  })

  it('is sent the verifier of the request, which nobody saw before', async () => {
    const { start, finish, approve, tokenRequests, server } = await world()
    const { url } = await start()
    const before = JSON.stringify(server.seen)
    await finish(approve(url))
    const verifier = tokenRequests()[0]?.get('code_verifier') as string
    expect(createHash('sha256').update(verifier).digest('base64url')).toBe(url.searchParams.get('code_challenge'))
    expect(before).not.toContain(verifier)
  })
})
