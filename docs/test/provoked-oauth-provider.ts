import { createHash } from 'node:crypto'
import {
  type Auth,
  apiKey,
  createAuth,
  memoryStore,
  type PentauthErrorCode,
  pensyve,
  type Store,
  signedIn,
} from '@pentauth/core'
import { authProvider, mcpService, type OAuthClientProviderOptions, oauthClientProvider } from '@pentauth/mcp'
import { testKey } from '@pentauth/tooling/canary'

type Ways = readonly (() => unknown)[]

const issuer = 'https://login.acme.example'
const authorizationServerMetadata = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
}
const state = { authorizationServerUrl: issuer, authorizationServerMetadata }

/** Ways to the errors of what hosts are given that insist, by code; nobody is asked anything. */
export function oauthProviderProvocations(): Partial<Record<PentauthErrorCode, Ways>> {
  const service = mcpService('https://mcp.acme.example/mcp', { name: 'Acme' })
  const auth = createAuth(service, { credential: signedIn({ store: memoryStore() }) })
  const answering = (answer: () => Promise<Response>) => {
    const runtime = { fetch: answer }
    const options: OAuthClientProviderOptions = {
      store: memoryStore(),
      redirectUri: 'http://127.0.0.1/callback',
      redirect: () => undefined,
      client: { clientId: 'notes' },
      runtime,
    }
    return { ...oauthClientProvider(auth, options), options }
  }
  const silent = () => answering(async () => new Response('{}'))
  const token = {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'authorization_code', code: testKey.token() }),
  }
  const asked = (answer: () => Promise<Response>, url: string, init = {}) => answering(answer).fetch(url, init)
  const busy = async () => new Response(null, { status: 503, headers: { 'retry-after': '5' } })

  const found = async (change: object) => {
    const { authProvider: provider, fetch } = silent()
    await fetch(service.resources.mcp.url)
    return provider.saveDiscoveryState({ ...state, ...change })
  }
  /** What comes back with those parameters from a sign-in that was begun. */
  const back = async (params: Record<string, string>) => {
    const { authProvider: provider, callback } = silent()
    const verifier = testKey.token()
    const page = new URL(`${issuer}/authorize`)
    page.searchParams.set('state', await provider.state())
    page.searchParams.set('code_challenge', createHash('sha256').update(verifier).digest('base64url'))
    await provider.saveCodeVerifier(verifier)
    await provider.redirectToAuthorization(page)
    return callback(new URLSearchParams({ state: page.searchParams.get('state') ?? '', ...params }))
  }
  const broken: Store = { ...memoryStore(), get: () => Promise.reject(new TypeError(testKey.token())) }
  const bound: Auth = { ...auth, headers: async () => ({ authorization: `DPoP ${testKey.token()}` }) }

  return {
    invalid_option: [
      () => oauthClientProvider(auth, { ...silent().options, redirectUri: '' }),
      () => silent().authProvider.saveDiscoveryState(state),
      () => {
        const withKey = createAuth(pensyve, { credential: apiKey(testKey.pensyve()) })
        return oauthClientProvider(withKey, silent().options).authProvider.tokens()
      },
    ],
    redirect_refused: [
      () =>
        asked(
          async () => new Response(null, { status: 307, headers: { location: 'https://elsewhere.example/' } }),
          service.resources.mcp.url,
        ),
    ],
    credential_not_accepted: [() => authProvider(bound).token()],
    discovery_failed: [
      () => found({ authorizationServerMetadata: undefined }),
      () => found({ authorizationServerUrl: 'https://other.example' }),
      () => silent().authProvider.validateResourceURL('https://mcp.acme.example/mcp', 'https://other.example/mcp'),
    ],
    temporarily_unavailable: [
      () => asked(busy, `${issuer}/token`, token),
      () => asked(busy, `${issuer}/.well-known/oauth-authorization-server`),
      () => asked(async () => new Response(' '.repeat(262_145)), `${issuer}/.well-known/oauth-authorization-server`),
      () => asked(() => Promise.reject(new TypeError('fetch failed')), `${issuer}/token`, token),
      () => back({ error: 'server_error' }),
    ],
    sign_in_failed: [() => back({ error: 'access_denied' }), () => back({ error: 'own' })],
    sign_in_response_invalid: [
      () => back({ state: 'other', code: testKey.token() }),
      () => back({ iss: 'https://other.example', code: testKey.token() }),
      () => silent().authProvider.codeVerifier(),
    ],
    store_failed: [() => oauthClientProvider(auth, { ...silent().options, store: broken }).authProvider.tokens()],
    unsafe_address: [() => asked(busy, 'http://login.acme.example/token', token)],
  }
}
