import type { Flaws, Said } from '../support/site.ts'
import { always, type BrokenSite, mcp, metadata, page, withHeaders, withRoute } from './broken-site.ts'

const register = { register: true }
const signIn = { signIn: true }
const renewal = (said: (right: () => Said) => Said): Flaws => ({
  routes: { 'POST /token': ({ body }, right) => (body.includes('grant_type=refresh') ? said(right) : right()) },
})

const registration: BrokenSite[] = [
  {
    name: 'refuses to register',
    wishes: register,
    flaws: withRoute('POST /register', {
      status: 400,
      body: { error: 'invalid_redirect_uri', error_description: 'no loopback' },
    }),
    found: ['error registration.accepted'],
    says: /no loopback/,
  },
  {
    name: 'registers with 200',
    wishes: register,
    flaws: withRoute('POST /register', (right) => ({ ...right, status: 200 })),
    found: ['error registration.created'],
  },
  {
    name: 'gives no client ID',
    wishes: register,
    flaws: { client: { client_id: undefined } },
    found: ['error registration.client_id'],
  },
  {
    name: 'forgets redirect URIs',
    wishes: register,
    flaws: { client: { redirect_uris: undefined } },
    found: ['error registration.redirect_uris'],
  },
  {
    name: 'gives a secret that nobody wanted',
    wishes: register,
    flaws: { client: { token_endpoint_auth_method: 'client_secret_post', client_secret: 'not-a-secret' } },
    found: ['warning registration.public'],
  },
  {
    name: 'keeps clients',
    wishes: register,
    flaws: { client: { registration_client_uri: undefined } },
    found: ['info registration.removed'],
    says: /The client c1 stays at/,
  },
  {
    name: 'does not take them away',
    wishes: register,
    flaws: withRoute('DELETE /register/c1', { status: 405 }),
    found: ['info registration.removed'],
  },
]

const authorization: BrokenSite[] = [
  {
    name: 'has no page',
    wishes: register,
    flaws: withRoute('GET /authorize', page(400)),
    found: ['error authorization.page'],
  },
  {
    name: 'comes straight back with an error',
    wishes: register,
    flaws: withRoute('GET /authorize', {
      status: 302,
      headers: { location: 'http://127.0.0.1/callback?error=server_error' },
    }),
    found: ['error authorization.page'],
  },
  {
    name: 'refuses the resource',
    wishes: register,
    flaws: withRoute('GET /authorize', {
      status: 302,
      headers: { location: 'http://127.0.0.1/callback?error=invalid_target' },
    }),
    found: ['error authorization.page'],
    says: /--no-resource-parameter/,
  },
  {
    name: 'redirects anywhere',
    wishes: register,
    flaws: {
      routes: {
        'GET /authorize': ({ url }, right) =>
          right().status === 400
            ? { status: 302, headers: { location: `${url.searchParams.get('redirect_uri')}?error=invalid_request` } }
            : right(),
      },
    },
    found: ['error authorization.redirect_uri'],
  },
  {
    name: 'knows one port only',
    wishes: register,
    flaws: {
      routes: {
        'GET /authorize': ({ url }, right) =>
          /:\d+\/callback/.test(url.searchParams.get('redirect_uri') ?? '') ? page(400) : right(),
      },
    },
    found: ['error authorization.loopback_port'],
  },
  {
    name: 'can be framed',
    wishes: register,
    flaws: withHeaders('GET /authorize', { 'content-security-policy': '' }),
    found: ['warning authorization.frames'],
  },
]

const again = { access_token: 'not-a-token', token_type: 'Bearer', refresh_token: 'stays' }

const token: BrokenSite[] = [
  {
    name: 'refuses the code',
    wishes: signIn,
    flaws: withRoute('POST /token', {
      status: 400,
      body: { error: 'invalid_target', error_description: 'resource is not allowed' },
    }),
    found: ['error token.signed_in'],
    says: /--no-resource-parameter/,
  },
  {
    name: 'says no token type',
    wishes: signIn,
    flaws: { tokens: { token_type: undefined } },
    found: ['error token.signed_in', 'error token.type'],
  },
  {
    name: 'says no lifetime',
    wishes: signIn,
    flaws: { tokens: { expires_in: undefined } },
    found: ['warning token.expires_in'],
  },
  {
    name: 'lets caches keep tokens',
    wishes: signIn,
    flaws: withHeaders('POST /token', { 'cache-control': '' }),
    found: ['error token.no_store'],
  },
  { name: 'says no scope', wishes: signIn, flaws: { tokens: { scope: undefined } }, found: ['info token.scope'] },
  {
    name: 'gives no refresh token',
    wishes: signIn,
    flaws: { tokens: { refresh_token: undefined } },
    found: ['warning token.refresh_token'],
  },
  {
    name: 'gives tokens for somebody else',
    wishes: signIn,
    flaws: { tokens: { access_token: `e30.${btoa('{"aud":"https://else.example"}')}.c2ln` } },
    found: ['warning token.audience', 'error token.works'],
  },
  {
    name: 'does not take its own token',
    wishes: signIn,
    flaws: (origin) =>
      mcp(always, {
        status: 401,
        headers: { 'www-authenticate': `Bearer ${metadata(origin)}, scope="mcp", error="invalid_token"` },
      }),
    found: ['info challenge.error', 'error token.works'],
  },
  {
    name: 'renews nothing',
    wishes: signIn,
    flaws: renewal(() => ({ status: 400, body: { error: 'invalid_request' } })),
    found: ['error token.refreshed'],
  },
  {
    name: 'keeps refresh tokens',
    wishes: signIn,
    flaws: { tokens: { refresh_token: 'stays' }, ...renewal(() => ({ body: again })) },
    found: ['error token.rotated'],
  },
  {
    name: 'takes a refresh token twice',
    wishes: signIn,
    flaws: renewal(() => ({ body: { ...again, refresh_token: 'other' } })),
    found: ['warning token.reuse'],
  },
  {
    name: 'breaks when it revokes',
    wishes: signIn,
    flaws: withRoute('POST /revoke', { status: 500 }),
    found: ['error token.revocation'],
  },
  {
    name: 'says that it revokes',
    wishes: signIn,
    flaws: withRoute('POST /revoke', {}),
    found: ['warning token.revoked'],
  },
]

export const brokenSignIns: readonly BrokenSite[] = [...registration, ...authorization, ...token]
