import { caught, expectNoMarker, renderings } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import {
  type Auth,
  clientCredentials,
  createAuth,
  type DpopWish,
  defineService,
  deviceSignIn,
  errorFrom,
  memoryStore,
  type PentauthEvent,
  type Service,
  signedIn,
  workloadIdentity,
} from '../src/index.ts'
import { finishSignIn, type StartSignInOptions, startSignIn } from '../src/sign-in.ts'
import type { Endpoints } from './support/authorization-server.ts'
import { type BoundWorld, boundServer, type Rules } from './support/bound-server.ts'
import { json, serve } from './support/server.ts'

const redirectUri = 'http://127.0.0.1:8123/callback'
const client = { clientId: 'client-1' }
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256' }
const pairOf = (algorithm: object = ecdsa, extractable = true) =>
  crypto.subtle.generateKey(algorithm as EcKeyGenParams, extractable, ['sign', 'verify']) as Promise<CryptoKeyPair>

async function world(rules: Rules = {}, endpoints: Endpoints = {}) {
  const acme = await boundServer(rules, endpoints)
  const store = memoryStore()
  const events: PentauthEvent[] = []
  const clock = { ahead: 0 }
  const runtime = { now: () => Date.now() + clock.ahead }
  const shared = { store, runtime, onEvent: (event: PentauthEvent) => void events.push(event) }
  const url = acme.service.resources.mcp.url
  const start = (options: Partial<StartSignInOptions> = {}) =>
    startSignIn(acme.service, { ...shared, redirectUri, client, dpop: true, ...options })
  const auth = createAuth(acme.service, { ...shared, credential: signedIn({ store }) })
  const key = `session/${encodeURIComponent(url)}/default/default`
  return {
    ...acme,
    ...{ store, events, clock, url, auth, key, start },
    finish: (callback: URL) => finishSignIn(acme.service, callback, shared),
    signIn: async (options?: Partial<StartSignInOptions>) => {
      const { url: page } = await start(options)
      await finishSignIn(acme.service, acme.approve(page), shared)
      return page.searchParams.get('dpop_jkt')
    },
    saved: async () => JSON.parse((await store.get(key)) ?? 'null'),
    forms: () => acme.tokenRequests().map((form) => form.get('grant_type')),
  }
}

describe('a sign-in whose tokens are bound to a key', () => {
  it('names the key, proves it, and keeps it with the session', async () => {
    const { signIn, auth, url, saved, bound, served, flaws, jtis, store, events } = await world()
    const thumbprint = await signIn()
    expect(thumbprint).toMatch(/^[\w-]{43}$/)
    expect(await store.get('sign-ins')).toBeUndefined()
    const { proofKey, accessToken } = await saved()
    expect(proofKey).toEqual({ kty: 'EC', crv: 'P-256', ...parts })
    expect(bound.get(accessToken)).toBe(thumbprint)
    for (const path of ['', '?a=1#b', '?a=2']) expect((await auth.fetch(url + path)).status).toBe(200)
    expect((await auth.fetch(url, { method: 'post', body: 'x' })).status).toBe(200)
    expect(served.map(({ method, path }) => [method, path])).toEqual([
      ['GET', '/mcp'],
      ['GET', '/mcp?a=1'],
      ['GET', '/mcp?a=2'],
      ['POST', '/mcp'],
    ])
    expect([flaws, jtis.size]).toEqual([[], 5])
    expectNoMarker(events)
    expect(JSON.stringify(events)).not.toContain(proofKey.d)
  })

  it('renews with the same key, also in a process that has only the store', async () => {
    const { signIn, service, url, store, saved, bound, clock, forms, flaws, served } = await world()
    const thumbprint = await signIn()
    const before = await saved()
    const copy = memoryStore()
    await copy.set(...((await entryOf(store)) as [string, string]))
    clock.ahead = 20
    const runtime = { now: () => Date.now() }
    const other = createAuth(service, { credential: signedIn({ store: copy }), runtime })
    const token = await other.credential()
    expect((await other.fetch(url)).status).toBe(200)
    expect(token).toMatchObject({ kind: 'access-token' })
    // Refused as if it had been revoked: the renewal is made with the key that the store had.
    bound.delete(before.accessToken)
    expect((await other.fetch(url)).status).toBe(200)
    expect(forms()).toEqual(['authorization_code', 'refresh_token'])
    const after = JSON.parse((await copy.get((await entryOf(store))[0])) as string)
    expect(after.proofKey).toEqual(before.proofKey)
    expect(bound.get(after.accessToken)).toBe(thumbprint)
    expect([served.length, flaws]).toEqual([2, ['resource: the token is not bound to this key']])
  })

  it('waits in the store with its key, and is finished elsewhere', async () => {
    const { start, approve, service, store, url, served } = await world()
    const { url: page } = await start()
    const text = (await store.get('sign-ins')) as string
    expect(JSON.parse(text)[0].proofKey).toEqual({ kty: 'EC', crv: 'P-256', ...parts })
    const elsewhere = memoryStore()
    await elsewhere.set('sign-ins', text)
    await finishSignIn(service, approve(page), { store: elsewhere })
    const auth = createAuth(service, { credential: signedIn({ store: elsewhere }) })
    expect((await auth.fetch(url)).status).toBe(200)
    expect(served).toHaveLength(1)
  })

  it('does not use a sign-in whose waiting key was changed', async () => {
    const { start, finish, approve, store } = await world()
    const { url: page } = await start()
    const [pending] = JSON.parse((await store.get('sign-ins')) as string)
    await store.set('sign-ins', JSON.stringify([{ ...pending, proofKey: { ...pending.proofKey, d: 5 } }]))
    expect(await caught(finish(approve(page)))).toMatchObject({ code: 'sign_in_required' })
  })

  it('takes a pair of the caller', async () => {
    const { signIn, saved, auth, url } = await world()
    const dpop = await pairOf()
    await signIn({ dpop })
    const { d } = await crypto.subtle.exportKey('jwk', dpop.privateKey)
    expect((await saved()).proofKey.d).toBe(d)
    expect((await auth.fetch(url)).status).toBe(200)
  })

  it('is one of a device, too', async () => {
    const device = {
      device_code: 'device-code-of-a-test',
      user_code: 'ABCD',
      expires_in: 60,
      interval: 1,
    }
    const page = await serve((response, _seen, { origin }) =>
      json(response, 200, { ...device, verification_uri: `${origin}/device` }),
    )
    const { service, store, url, auth, flaws, forms } = await world(
      { tokenNonce: 'first' },
      { metadata: () => ({ device_authorization_endpoint: page.origin }) },
    )
    const runtime = { sleep: async () => undefined }
    await deviceSignIn(service, { store, client, dpop: true, runtime, present: () => undefined })
    expect((await auth.fetch(url)).status).toBe(200)
    expect(flaws).toEqual(['token: use_dpop_nonce'])
    expect(forms()).toEqual(Array(2).fill('urn:ietf:params:oauth:grant-type:device_code'))
  })

  it('stays as it was where nobody asks for it', async () => {
    const { signIn, saved, server } = await world({ tokenType: 'Bearer' }, bearerEndpoints)
    expect(await signIn({ dpop: false })).toBeNull()
    expect(Object.keys(await saved())).not.toContain('proofKey')
    expect(server.seen.filter(({ headers }) => 'dpop' in headers)).toEqual([])
  })
})

describe('what cannot be had', () => {
  it.each([
    ['lists another algorithm', ['RS256']],
    ['lists none', undefined],
  ])('a server that %s', async (_name, supported) => {
    const { start, origin, store } = await world(
      {},
      { metadata: () => ({ dpop_signing_alg_values_supported: supported }) },
    )
    expect(await caught(start())).toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining(`Acme: the authorization server ${origin} does not say that it takes DPoP`),
    })
    expect(await store.get('sign-ins')).toBeUndefined()
    await start({ dpop: undefined })
  })

  it.each<[string, () => unknown]>([
    ['text', () => 'yes'],
    ['an empty object', () => ({})],
    ['another curve', () => pairOf({ name: 'ECDSA', namedCurve: 'P-384' })],
    ['look-alikes', () => ({ privateKey: { type: 'private', algorithm: ecdsa }, publicKey: {} })],
    ['the public half alone', async () => ({ ...(await pairOf()), privateKey: (await pairOf()).publicKey })],
    ['what no store can keep', () => pairOf(ecdsa, false)],
  ])('a pair that is %s', async (_name, make) => {
    const { start } = await world()
    const dpop = (await make()) as DpopWish
    expect(await caught(start({ dpop }))).toMatchObject({ code: 'invalid_option', message: /The option "dpop"/ })
  })

  it.each(['Bearer', 'mac', 'dpop+'])('a token of type %s for a proof', async (tokenType) => {
    const { signIn, saved } = await world({ tokenType })
    expect(await caught(signIn())).toMatchObject({ code: 'token_response_invalid' })
    expect(await saved()).toBeNull()
  })

  it('a session whose key was changed', async () => {
    const { signIn, saved, store, key, auth, url, served } = await world()
    await signIn()
    const session = await saved()
    await store.set(key, JSON.stringify({ ...session, proofKey: 'none' }))
    const copy = memoryStore()
    await copy.set(key, JSON.stringify({ ...session, proofKey: { ...session.proofKey, x: session.proofKey.y } }))
    const mixed = memoryStore()
    const { d } = await crypto.subtle.exportKey('jwk', (await pairOf()).privateKey)
    await mixed.set(key, JSON.stringify({ ...session, proofKey: { ...session.proofKey, d } }))
    expect(await caught(auth.fetch(url))).toMatchObject({ code: 'sign_in_required' })
    await store.set(key, JSON.stringify({ ...session, proofKey: null }))
    expect(await caught(auth.fetch(url))).toMatchObject({ code: 'sign_in_required' })
    for (const changed of [copy, mixed]) {
      const error = await caught(createAuth(auth.service, { credential: signedIn({ store: changed }) }).fetch(url))
      expect(error).toMatchObject({ code: 'sign_in_required', message: expect.stringContaining('is none') })
      for (const { text } of renderings(error)) expect(text).not.toContain(session.proofKey.d)
    }
    expect(served).toEqual([])
  })
})

describe('nonces', () => {
  it('are brought once by each kind of server, and remembered', async () => {
    const { signIn, auth, url, flaws, rules, clock, forms } = await world({ tokenNonce: 'a', resourceNonce: 'b' })
    await signIn()
    expect(forms()).toEqual(['authorization_code', 'authorization_code'])
    for (let count = 0; count < 3; count++) expect((await auth.fetch(url, { method: 'POST', body: 'x' })).ok).toBe(true)
    expect(flaws).toEqual(['token: use_dpop_nonce', 'resource: use_dpop_nonce'])
    rules.resourceNonce = 'c'
    clock.ahead = rules.ahead = 60_000
    expect((await auth.fetch(url)).status).toBe(200)
    expect(flaws.slice(2)).toEqual(['resource: use_dpop_nonce'])
  })

  it.each(['challenge', 'json', 'nothing'] as const)('are asked for in whatever form: %s', async (says) => {
    const { signIn, auth, url, served, events } = await world({ resourceNonce: 'n', says })
    await signIn()
    expect((await auth.fetch(url)).status).toBe(200)
    expect(served).toHaveLength(1)
    expect(events.filter(({ type }) => type === 'credential_refused')).toEqual([])
  })

  it('are not asked about for ever', async () => {
    let count = 0
    const { signIn, auth, url, forms } = await world(
      {},
      {
        mcp: (response) => {
          count += 1
          const headers = { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': `n${count}` }
          json(response, 401, {}, headers)
        },
      },
    )
    await signIn()
    const response = await auth.fetch(url)
    expect([response.status, count]).toEqual([401, 2])
    expect(await errorFrom(response)).toMatchObject({
      code: 'request_rejected',
      parameters: { error: 'use_dpop_nonce' },
      message: expect.stringContaining('Acme refused the request: 401 "use_dpop_nonce".'),
    })
    // The token was not what was refused.
    expect(forms()).toEqual(['authorization_code'])
  })

  it('leave a body that cannot be sent twice to the caller, who finds the next proof right', async () => {
    const { signIn, auth, url, flaws } = await world({ resourceNonce: 'n' })
    await signIn()
    const send = () => {
      const body = new Blob(['x']).stream()
      return auth.fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit)
    }
    expect([(await send()).status, (await send()).status]).toEqual([401, 200])
    expect(flaws).toEqual(['resource: use_dpop_nonce'])
  })

  it('are no reason to send a bad request again', async () => {
    let count = 0
    const { signIn, auth, url } = await world(
      {},
      {
        mcp: (response) => {
          count += 1
          json(response, 400, { error: 'invalid_request' }, { 'dpop-nonce': `n${count}` })
        },
      },
    )
    await signIn()
    expect((await auth.fetch(url, { method: 'POST', body: 'x' })).status).toBe(400)
    expect(count).toBe(1)
  })

  it('are wanted for a renewal, too, which is not refused for that', async () => {
    const { signIn, auth, url, rules, clock, forms, flaws } = await world({ lifetime: 30 })
    await signIn()
    expect((await auth.fetch(url)).status).toBe(200)
    rules.tokenNonce = 'later'
    clock.ahead = rules.ahead = 31_000
    expect((await auth.fetch(url)).status).toBe(200)
    expect(forms()).toEqual(['authorization_code', 'refresh_token', 'refresh_token'])
    expect(flaws).toEqual(['token: use_dpop_nonce'])
  })
})

describe('a request', () => {
  it('has a proof of its own on every hop within the resource, and none elsewhere', async () => {
    const elsewhere = await serve()
    const redirects = {
      '/mcp?hop': { status: 307, location: '/mcp?there' },
      '/mcp?out': { status: 302, location: `${elsewhere.origin}/x` },
    }
    const { signIn, auth, url, served, flaws, jtis } = await world({ redirects })
    await signIn()
    expect((await auth.fetch(`${url}?hop`, { method: 'POST', body: 'x' })).status).toBe(200)
    expect(served.map(({ path, body }) => [path, body])).toEqual([['/mcp?there', 'x']])
    expect((await auth.fetch(`${url}?out`)).status).toBe(200)
    expect(elsewhere.seen.map(({ headers }) => [headers.authorization, headers.dpop])).toEqual([[undefined, undefined]])
    expect([flaws, jtis.size]).toEqual([[], 4])
  })

  it("has nothing of the caller's own proof", async () => {
    const { signIn, auth, url, flaws } = await world()
    await signIn()
    const headers = { dpop: 'mine', DPoP: 'mine too', authorization: 'DPoP mine' }
    expect((await auth.fetch(url, { headers })).status).toBe(200)
    expect((await auth.fetch(new Request(url, { headers }))).status).toBe(200)
    expect(flaws).toEqual([])
  })

  it('of somebody else gets both headers, for its method and URL', async () => {
    const { signIn, auth, url, served, flaws } = await world()
    await signIn()
    const post = await auth.headers(url, { method: 'POST' })
    expect(Object.keys(post)).toEqual(['authorization', 'dpop'])
    expect((await fetch(url, { method: 'POST', headers: post })).status).toBe(200)
    expect((await fetch(url, { headers: await auth.headers(url) })).status).toBe(200)
    expect((await fetch(url, { headers: await auth.headers(url) })).status).toBe(200)
    expect([served.length, flaws]).toEqual([3, []])
    expect((await fetch(url, { method: 'POST', headers: await auth.headers(url) })).status).toBe(401)
    expect(flaws).toEqual(['resource: htm GET for POST'])
  })

  it('that is refused for its proof does not cost the token', async () => {
    const { signIn, auth, url, clock, forms } = await world()
    await signIn()
    clock.ahead = -120_000
    const response = await auth.fetch(url)
    expect(await errorFrom(response)).toMatchObject({
      code: 'request_rejected',
      hint: expect.stringContaining('clock'),
    })
    expect(forms()).toEqual(['authorization_code'])
    expect(await caught(signIn())).toMatchObject({
      code: 'sign_in_failed',
      message: expect.stringContaining('invalid_dpop_proof'),
    })
  })

  it('says which scope a bound token lacks', async () => {
    const challenge = 'Bearer, DPoP error="insufficient_scope", scope="write"'
    const { signIn, auth, url } = await world(
      {},
      { mcp: (response) => json(response, 403, {}, { 'www-authenticate': challenge }) },
    )
    await signIn()
    expect(await errorFrom(await auth.fetch(url))).toMatchObject({
      code: 'insufficient_scope',
      parameters: { scope: 'write' },
    })
  })

  it('in a page follows no redirect', async () => {
    const { signIn, service, store, url } = await world()
    await signIn()
    const modes: unknown[] = []
    const fetch = async (_input: unknown, init?: RequestInit) => {
      modes.push(init?.redirect)
      return new Response()
    }
    const runtime = { fetch, redirects: 'platform' as const }
    await createAuth(service, { credential: signedIn({ store }), runtime }).fetch(url)
    expect(modes).toEqual(['error'])
  })
})

describe('a program', () => {
  const withRules = ({ service, origin }: BoundWorld, grants: readonly string[]) =>
    defineService({
      ...service,
      oauth: { tokenEndpoint: `${origin}/token`, grants, tokenEndpointAuthMethod: 'client_secret_basic' },
    } as Service)
  const credentials = { clientId: 'program-1', clientSecret: 'secret-of-a-program-in-a-test' }

  it.each<[string, () => Promise<DpopWish>]>([
    ['a key that is made for it', async () => true],
    ['its own pair, which no program can read', () => pairOf(ecdsa, false)],
  ])('binds its tokens to %s', async (_name, make) => {
    const acme = await world({ tokenNonce: 'a', resourceNonce: 'b' })
    const credential = clientCredentials(credentials, { dpop: await make() })
    const auth: Auth = createAuth(withRules(acme, ['client_credentials']), { credential })
    expect((await auth.fetch(acme.url)).status).toBe(200)
    const [token] = [...acme.bound.keys()]
    // As revoked: it is renewed, with the same key and without another question for a nonce.
    acme.bound.delete(token as string)
    expect((await auth.fetch(acme.url)).status).toBe(200)
    expect(acme.flaws).toEqual([
      'token: use_dpop_nonce',
      'resource: use_dpop_nonce',
      'resource: the token is not bound to this key',
    ])
  })

  it('does so by the metadata of its server, where that takes proofs', async () => {
    const acme = await world()
    const metadata = () => ({ token_endpoint_auth_methods_supported: ['client_secret_basic'] })
    const able = await world({}, { metadata })
    const unable = await world(
      {},
      { metadata: () => ({ ...metadata(), dpop_signing_alg_values_supported: ['RS256'] }) },
    )
    const call = ({ service, url, origin }: typeof acme) =>
      createAuth(service, { credential: clientCredentials(credentials, { dpop: true, issuer: origin }) }).fetch(url)
    expect((await call(able)).status).toBe(200)
    expect(await caught(call(unable))).toMatchObject({ code: 'invalid_option' })
    expect(unable.tokenRequests()).toEqual([])
  })

  it('without a secret does so, too', async () => {
    const acme = await world()
    const service = withRules(acme, ['urn:ietf:params:oauth:grant-type:jwt-bearer'])
    const token = () => 'e30.e30.signature'
    const credential = workloadIdentity({ token, grant: 'jwt-bearer', dpop: true })
    expect((await createAuth(service, { credential }).fetch(acme.url)).status).toBe(200)
    expect(acme.flaws).toEqual([])
  })

  it('says so where the server has no use for proofs', async () => {
    const acme = await world({ tokenType: 'Bearer' })
    const auth = createAuth(withRules(acme, ['client_credentials']), {
      credential: clientCredentials(credentials, { dpop: true }),
    })
    expect(await caught(auth.fetch(acme.url))).toMatchObject({
      code: 'token_response_invalid',
      hint: expect.stringContaining('"dpop"'),
    })
    expect(acme.served).toEqual([])
  })
})

describe('a key', () => {
  it('prints itself nowhere', async () => {
    const { signIn, auth, saved } = await world()
    await signIn()
    const { d } = (await saved()).proofKey
    for (const { text } of renderings(await auth.credential())) expect(text).not.toContain(d)
  })
})

const part = expect.stringMatching(/^[\w-]{43}$/)
const parts = { x: part, y: part, d: part }
const bearerEndpoints: Endpoints = {
  token: (response) =>
    json(response, 200, { access_token: 'an-access-token-of-a-test', token_type: 'Bearer', scope: 'read' }),
}

async function entryOf(store: ReturnType<typeof memoryStore>): Promise<[string, string]> {
  const [key = ''] = (await store.keys?.('session/')) ?? []
  return [key, (await store.get(key)) as string]
}
