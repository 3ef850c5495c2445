import {
  clientCredentials,
  createAuth,
  defineService,
  errorFrom,
  memoryStore,
  type Service,
  signedIn,
  startSignIn,
} from '@pentauth/core'
import { testKey } from '@pentauth/tooling/canary'

const issuer = 'https://as.acme.example'
const url = 'https://api.acme.example/v1'
const client = { clientId: 'one', clientSecret: testKey.token('client') }

const acme = defineService({
  ...{ id: 'bound', name: 'Acme', errors: [], recommendations: [], links: { docs: { where: 'Acme docs' } } },
  resources: { rest: { url, protocol: 'rest', accessToken: true } },
  oauth: {
    ...{ authorizationEndpoint: `${issuer}/authorize`, tokenEndpoint: `${issuer}/token`, issuer },
    ...{ grants: ['authorization_code', 'client_credentials'], tokenEndpointAuthMethod: 'client_secret_basic' },
  },
} as Service)

/** A call of a program with a bound token, where the two servers answer what is given. */
const call = async (token: object, resource: Response = new Response('{}')) => {
  const fetch = async (input: string | URL | Request) =>
    String(input).startsWith(issuer) ? Response.json(token, { status: 'error' in token ? 400 : 200 }) : resource
  return createAuth(acme, { credential: clientCredentials(client, { dpop: true }), runtime: { fetch } }).fetch(url)
}
const good = { access_token: testKey.token('bound'), token_type: 'DPoP' }

/** A sign-in at a server whose metadata is a document. */
const signIn = (dpop: unknown, metadata: object) => {
  const described = { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` }
  const document = { ...described, code_challenge_methods_supported: ['S256'], ...metadata }
  const fetch = async (input: string | URL | Request) =>
    String(input).includes('protected-resource') ? new Response('', { status: 404 }) : Response.json(document)
  const redirectUri = 'http://127.0.0.1:8080/callback'
  const wishes = { client: { clientId: 'one' }, redirectUri, dpop: dpop as true }
  return startSignIn(acme, { store: memoryStore(), runtime: { fetch }, ...wishes })
}
const able = { dpop_signing_alg_values_supported: ['ES256'] }

/** A session that is bound to what is no point of the curve. */
const changedSession = async () => {
  const store = memoryStore()
  const part = 'A'.repeat(43)
  const session = {
    ...{ version: 1, issuer, tokenEndpoint: `${issuer}/token`, client: { clientId: 'one', authMethod: 'none' } },
    ...{ resource: url, account: 'default', accessToken: testKey.token('bound'), obtainedAt: 1 },
    proofKey: { kty: 'EC', crv: 'P-256', x: part, y: part, d: part },
  }
  await store.set(`session/${encodeURIComponent(url)}/default/default`, JSON.stringify(session))
  return createAuth(acme, { credential: signedIn({ store }) }).fetch(url)
}

type Ways = readonly (() => unknown)[]

/** Ways to the errors of tokens that are bound to a key, by code; nothing leaves the process. */
export const dpopProvocations: Readonly<
  Record<
    'invalid_option' | 'request_rejected' | 'sign_in_required' | 'token_request_rejected' | 'token_response_invalid',
    Ways
  >
> = {
  invalid_option: [
    () => signIn(true, {}),
    () => signIn('yes', able),
    async () => {
      const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
      return signIn(pair, able)
    },
  ],
  request_rejected: [
    async () => {
      const headers = { 'www-authenticate': 'DPoP error="invalid_dpop_proof"' }
      return errorFrom(await call(good, new Response('{}', { status: 401, headers })))
    },
  ],
  sign_in_required: [changedSession],
  token_request_rejected: [() => call({ error: 'invalid_dpop_proof' })],
  token_response_invalid: [() => call({ ...good, token_type: 'Bearer' })],
}
