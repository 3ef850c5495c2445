import type { webcrypto } from 'node:crypto'
import {
  clientMetadata,
  createAuth,
  createSecret,
  defineService,
  deviceSignIn,
  finishSignIn,
  memoryStore,
  type PentauthErrorCode,
  pendra,
  pensyve,
  type Service,
  type Store,
  signedIn,
  signOut,
  startSignIn,
} from '@pentauth/core'
import { verifyAccessToken } from '@pentauth/core/jwt'
import { testKey } from '@pentauth/tooling/canary'

type Ways = readonly (() => unknown)[]

const acme = (part: object) =>
  defineService({
    ...{ id: 'acme', name: 'Acme', errors: [], recommendations: [], links: { docs: { where: 'Acme docs' } } },
    resources: { rest: { url: 'https://api.acme.example/v1', protocol: 'rest', accessToken: true } },
    ...part,
  } as Service)

/** A store that holds a session of Pensyve whose access token has ended. */
async function storeWithSession(refreshToken?: string): Promise<Store> {
  const store = memoryStore()
  const session = JSON.parse(sessionText(refreshToken)) as { resource: string }
  await store.set(`session/${encodeURIComponent(session.resource)}/default/default`, JSON.stringify(session))
  return store
}

function sessionText(refreshToken?: string): string {
  return JSON.stringify({
    version: 1,
    issuer: 'https://mcp.pensyve.com',
    tokenEndpoint: 'https://mcp.pensyve.com/oauth/token',
    client: { clientId: 'client-1', authMethod: 'none' },
    resource: 'https://mcp.pensyve.com/mcp',
    account: 'default',
    accessToken: testKey.token('ended'),
    expiresAt: 2,
    obtainedAt: 1,
    ...(refreshToken ? { refreshToken } : {}),
  })
}
/** A call with that session, and what the token endpoint answers. */
const sessionCall = (
  store: Store,
  answer: { status: number; error: string } = { status: 400, error: 'invalid_grant' },
) =>
  createAuth(pensyve, {
    credential: signedIn({ store }),
    runtime: { fetch: async () => Response.json({ error: answer.error }, { status: answer.status }) },
  }).credential()
const brokenStore = (broken: keyof Store): Store => ({
  ...memoryStore(),
  [broken]: () => Promise.reject(Object.assign(new Error(testKey.token()), { code: 'EACCES' })),
})

/** Ways to each error of signing in and staying signed in; nothing leaves the process. */
export function signInProvocations() {
  const issuer = 'https://as.acme.example'
  const about = { resource: 'https://api.acme.example/v1', authorization_servers: [issuer] }
  const described = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
  }
  const pushing = {
    ...described,
    require_pushed_authorization_requests: true,
    pushed_authorization_request_endpoint: `${issuer}/register`,
  }
  type Said = object | number
  let signIns = 0
  /** A sign-in at a service whose documents say what is given. */
  const signIn = (said: { resource?: Said; server?: Said; register?: Said }, options: object = {}) => {
    const { resource = about, server = described, register = 404 } = said
    const answerOf = (path: string) =>
      path.includes('protected-resource')
        ? resource
        : path === '/register'
          ? register
          : path.startsWith('/.well-known/')
            ? server
            : 404
    // What is discovered is kept by service, so each sign-in is at one of its own.
    return startSignIn(acme({ id: `acme${signIns++}` }), {
      store: memoryStore(),
      redirectUri: 'http://127.0.0.1:8080/callback',
      runtime: {
        fetch: async (input) => {
          const answer = answerOf(new URL(String(input)).pathname)
          if (typeof answer === 'number') return new Response('{}', { status: answer })
          const isError = 'error' in answer
          return Response.json(answer, { status: isError ? 400 : answer === register ? 201 : 200 })
        },
      },
      ...options,
    })
  }
  /** A sign-in that is pushed to a server that answers what is given. */
  const push = (register: Said) => signIn({ server: pushing, register }, { client: { clientId: 'one' } })
  /** A sign-in of a device, at a server that answers what is given; nobody waits. */
  const signInDevice = (device: object, token: object = {}) => {
    let now = 1
    const entry = { ...described, device_authorization_endpoint: `${issuer}/device` }
    return deviceSignIn(acme({ id: `acme${signIns++}` }), {
      store: memoryStore(),
      client: { clientId: 'one' },
      present: () => undefined,
      runtime: {
        now: () => now,
        sleep: async (ms) => {
          now += ms
        },
        fetch: async (input) => {
          const path = new URL(String(input)).pathname
          const answer = path.includes('protected-resource')
            ? about
            : path === '/device'
              ? device
              : path === '/token'
                ? token
                : entry
          return Response.json(answer, { status: 'error' in answer ? 400 : 200 })
        },
      },
    })
  }
  const codes = {
    device_code: testKey.token('device'),
    user_code: 'WDJB-MJHT',
    verification_uri: `${issuer}/device`,
    expires_in: 60,
  }
  /** A sign-in after a refusal for want of scope, with a session that has the scope. */
  const stepUp = async (scope: string | undefined) => {
    const store = memoryStore()
    const held = { ...JSON.parse(sessionText()), scopes: ['read'] }
    await store.set(`session/${encodeURIComponent(about.resource)}/default/default`, JSON.stringify(held))
    const parameters = { error: 'insufficient_scope', ...(scope ? { scope } : {}) }
    return signIn({}, { store, challenge: { scheme: 'bearer', parameters }, client: { clientId: 'one' } })
  }
  /** A token that nobody signed, with a form that can be checked. */
  const unsigned = `${btoa('{"alg":"EdDSA"}')}.${btoa('{}')}.AAAA`.replaceAll('=', '')
  const verify = (token: string, options: object = {}, answer: Said = described) =>
    verifyAccessToken(token, {
      issuer,
      audience: 'https://api.acme.example/v1',
      runtime: {
        fetch: async () =>
          typeof answer === 'number' ? new Response('{}', { status: answer }) : Response.json(answer),
      },
      ...options,
    })
  /** A token that is good in everything but what is asked of it. */
  const signed = async (options: object) => {
    const { publicKey, privateKey } = (await crypto.subtle.generateKey('Ed25519', true, [
      'sign',
      'verify',
    ])) as webcrypto.CryptoKeyPair
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { iss: issuer, aud: 'https://api.acme.example/v1', exp: Date.now() / 1000 + 60, scope: 'read' }
    const text = `${part({ alg: 'EdDSA' })}.${part(claims)}`
    const signature = Buffer.from(await crypto.subtle.sign('Ed25519', privateKey, Buffer.from(text))).toString(
      'base64url',
    )
    const keys = [await crypto.subtle.exportKey('jwk', publicKey)]
    return verify(`${text}.${signature}`, { jwksUri: `${issuer}/jwks`, ...options }, { keys })
  }

  /** A sign-in whose callback says what is given. */
  const comeBack = async (changes: Record<string, string>, token: Said = 404) => {
    const store = memoryStore()
    const service = acme({ id: `acme${signIns++}` })
    const fetch = async (input: string | URL | Request) => {
      const path = new URL(String(input)).pathname
      const answer = path.includes('protected-resource') ? about : path === '/token' ? token : described
      if (typeof answer === 'number') return new Response('{}', { status: answer })
      return Response.json(answer, { status: 'error' in answer ? 400 : 200 })
    }
    const redirectUri = 'http://127.0.0.1:8080/callback'
    const { state } = await startSignIn(service, {
      store,
      redirectUri,
      client: { clientId: 'one' },
      runtime: { fetch },
    })
    const answer = { code: testKey.token('code'), state, ...changes }
    return finishSignIn(service, new URLSearchParams(answer), { store, runtime: { fetch } })
  }
  return {
    discovery_failed: [
      () => signIn({ resource: [] }),
      () => signIn({ resource: { ...about, resource: 'https://api.acme.example/v2' } }),
      () => signIn({ resource: { ...about, resource: 5 } }),
      () => signIn({ server: { ...described, issuer: `${issuer}/` } }),
      () => signIn({ server: { ...described, code_challenge_methods_supported: null } }),
      () => signIn({ server: { ...described, token_endpoint: 5 } }),
      () => signIn({ server: { ...described, authorization_endpoint: `${issuer}/authorize?state=1` } }),
      () => signIn({ server: { ...described, require_pushed_authorization_requests: true } }),
      () => signIn({}, { pushed: true }),
      () => signIn({ server: 302 }),
      () => signIn({}, { issuer: 'https://elsewhere.example' }),
      () => signIn({ resource: 404, server: 404 }),
      () =>
        signIn(
          { server: { ...described, authorization_endpoint: 'https://other.example/authorize' } },
          { client: { clientId: 'one' } },
        ),
      () => verify(unsigned),
    ],
    unsafe_address: [
      () => signIn({ resource: { ...about, authorization_servers: ['http://169.254.169.254/'] } }),
      () => signIn({ server: { ...described, token_endpoint: 'https://localhost./token' } }),
      () => signIn({ server: { ...described, token_endpoint: 'http://as.acme.example/token' } }),
      () => signIn({ server: { ...described, authorization_endpoint: 'javascript:alert(1)' } }),
      () => signIn({ server: { ...described, registration_endpoint: 'https://a:b@as.acme.example/' } }),
      () => signIn({ server: { ...described, jwks_uri: '/jwks' } }),
      async () => {
        const store = await storeWithSession(testKey.token('refresh'))
        const key = `session/${encodeURIComponent('https://mcp.pensyve.com/mcp')}/default/default`
        const session = { ...JSON.parse((await store.get(key)) ?? ''), tokenEndpoint: 'http://10.0.0.8/token' }
        await store.set(key, JSON.stringify(session))
        return sessionCall(store)
      },
    ],
    registration_failed: [
      () => signIn({ server: { ...described, registration_endpoint: null } }),
      () => signIn({ register: 401 }),
      () => signIn({ register: 404 }),
      () => signIn({ register: { error: 'invalid_redirect_uri', error_description: 'https only' } }),
      () => signIn({ register: { client_id: 'one', redirect_uris: ['https://evil.example/'] } }),
      () => signIn({ server: { ...described, token_endpoint_auth_methods_supported: ['private_key_jwt'] } }),
      () => signIn({}, { client: { metadataUrl: 'https://app.acme.example/client.json' } }),
      () => signIn({}, { client: { clientId: 'one', clientSecret: testKey.token('client'), issuer } }),
      () => signIn({}, { client: { clientId: 'one', issuer: 'https://elsewhere.example' } }),
    ],
    token_invalid: [
      () => verify('something opaque'),
      () => verify('a'.repeat(70_000)),
      () => signed({ audience: 'https://api.acme.example/v2' }),
      () => signed({ issuer: 'https://elsewhere.example' }),
      () => signed({ algorithms: ['ES256'] }),
    ],
    temporarily_unavailable: [
      () => comeBack({ error: 'temporarily_unavailable' }),
      () => signIn({ resource: 503 }),
      () => signIn({ register: 429 }),
      () => push(429),
      () => push({ error: 'server_error' }),
      () => verify(unsigned, { jwksUri: `${issuer}/jwks` }, 404),
      // Somebody signs out whenever the session is looked for.
      () => {
        let isLeaving = false
        const store: Store = {
          ...memoryStore(),
          get: async () => {
            if (!isLeaving) {
              isLeaving = true
              await signOut(pensyve, { store })
              isLeaving = false
            }
            return undefined
          },
        }
        return sessionCall(store)
      },
    ],
    invalid_option: [
      () => startSignIn(pendra, { store: memoryStore(), redirectUri: 'http://127.0.0.1/' }),
      () => startSignIn(pensyve, { store: memoryStore(), redirectUri: 'http://127.0.0.1/', resource: 'none' }),
      () => signIn({}, { client: { clientId: '' } }),
      () => signIn({}, { client: { clientId: 'one', clientSecret: testKey.token('client') } }),
      () => signIn({}, { redirectUri: 'http://app.example/callback' }),
      () => clientMetadata({ url: 'https://app.example/', name: 'Example', redirectUris: ['http://127.0.0.1/'] }),
      () => verify(unsigned, { issuer: undefined }),
      () => verify(unsigned, { algorithms: ['HS256'] }),
    ],
    sign_in_required: [
      () => createAuth(pensyve, { credential: signedIn({ store: memoryStore() }) }).credential(),
      async () => sessionCall(await storeWithSession(testKey.token('refresh'))),
      async () =>
        sessionCall(await storeWithSession(testKey.token('refresh')), { status: 401, error: 'invalid_client' }),
      async () => sessionCall(await storeWithSession()),
    ],
    store_failed: [
      () => signIn({}, { store: brokenStore('get') }),
      () => sessionCall(brokenStore('get')),
      () => signIn({}, { store: brokenStore('set'), client: { clientId: 'one' } }),
      async () => {
        const { get, set } = await storeWithSession(testKey.token('refresh'))
        await signOut(pensyve, { store: { ...brokenStore('delete'), get, set } })
      },
      // The session is gone, and then a backup is restored that is older than what this process has seen.
      async () => {
        let now = 1
        const store = memoryStore()
        const auth = createAuth(pensyve, { credential: signedIn({ store }), runtime: { now: () => now } })
        const key = `session/${encodeURIComponent('https://mcp.pensyve.com/mcp')}/default/default`
        const backup = { ...JSON.parse(sessionText()), signInId: 'one' }
        await store.set(key, JSON.stringify({ ...backup, renewals: 1 }))
        await auth.credential()
        now = 2
        await store.delete(key)
        await auth.credential().catch(() => undefined)
        await store.set(key, JSON.stringify(backup))
        await auth.credential()
      },
      async () =>
        createAuth(pensyve, {
          credential: signedIn({
            store: await storeWithSession(testKey.token('refresh')),
            lock: () => Promise.reject(new Error('no lock')),
          }),
        }).credential(),
      () => finishSignIn(pensyve, 'http://127.0.0.1/callback?code=a&state=b', { store: brokenStore('get') }),
    ],
    sign_in_failed: [
      () => push({ error: 'invalid_scope' }),
      () => push(404),
      ...[
        'access_denied',
        'invalid_scope',
        'invalid_target',
        'unauthorized_client',
        'unsupported_response_type',
        'invalid_request',
        'login_required',
        'consent_required',
        'interaction_required',
        'something_new',
      ].map((error) => () => comeBack({ error })),
      () => comeBack({}, { error: 'invalid_grant' }),
      () => signInDevice(codes, { error: 'access_denied' }),
      () => signInDevice(codes, { error: 'authorization_pending' }),
      () => signInDevice({}),
      () => signInDevice({ ...codes, user_code: '\u001b' }),
      () => signInDevice({ error: 'unauthorized_client' }),
    ],
    client_refused: [
      () => comeBack({}, { error: 'invalid_client' }),
      () => signInDevice({ error: 'invalid_client' }),
      () => push({ error: 'invalid_client' }),
    ],
    sign_in_response_invalid: [
      () => comeBack({ state: 'another' }),
      () => comeBack({ code: '' }),
      () => comeBack({ iss: 'https://elsewhere.example' }),
    ],
    insufficient_scope: [
      () => stepUp('read'),
      () => stepUp(undefined),
      () => signed({ requiredScopes: ['write'] }),
      () => {
        const secret = createSecret(testKey.token())
        const token = { kind: 'access-token', source: 'test', secret, scopes: ['mcp:read'] } as const
        const credential = { name: 'test', get: () => token }
        return createAuth(pensyve, { credential }).fetch('https://api.pensyve.com/v1/remember', { method: 'POST' })
      },
    ],
  } satisfies Partial<Record<PentauthErrorCode, Ways>>
}
