// The files that pages get do their work, and every request of theirs goes through the runtime's `fetch`: each part has a copy of the
// protocol library, which would otherwise use the platform's.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { testKey } from '../../tooling/canary/test-key.mjs'

const {
  deviceSignIn,
  clientCredentials,
  createAuth,
  defineService,
  finishSignIn,
  memoryStore,
  signedIn,
  signOut,
  startSignIn,
} = await import(new URL('../../packages/core/dist/browser/index.js', import.meta.url).href)

const origin = 'https://as.acme.example'
const redirectUri = 'https://app.example/callback'
const metadata = {
  issuer: origin,
  authorization_endpoint: `${origin}/authorize`,
  token_endpoint: `${origin}/token`,
  registration_endpoint: `${origin}/register`,
  revocation_endpoint: `${origin}/revoke`,
  device_authorization_endpoint: `${origin}/device`,
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['none', 'client_secret_basic'],
}
const api = 'https://api.acme.example/v1'
const service = defineService({
  id: 'acme',
  name: 'Acme',
  resources: { rest: { url: api, protocol: 'rest', accessToken: true } },
  oauth: {
    issuer: origin,
    tokenEndpoint: metadata.token_endpoint,
    grants: ['client_credentials'],
    tokenEndpointAuthMethod: 'client_secret_basic',
  },
  errors: [],
  links: { docs: { where: 'Acme docs' } },
  recommendations: [],
})

/** @type {string[]} */
let asked = []
let life = 3600
/** @type {Record<string, () => Response>} */
const answers = {
  [`${api}/.well-known/x`]: () => new Response(null, { status: 404 }),
  [`${origin}/.well-known/oauth-authorization-server`]: () => Response.json(metadata),
  [`${origin}/register`]: () => Response.json({ client_id: 'page', redirect_uris: [redirectUri] }, { status: 201 }),
  [`${origin}/token`]: () =>
    Response.json({
      access_token: testKey.token(),
      token_type: 'Bearer',
      expires_in: life,
      refresh_token: testKey.token(),
    }),
  [`${origin}/device`]: () =>
    Response.json({
      device_code: testKey.token(),
      user_code: 'BCDF-GHJK',
      verification_uri: `${origin}/go`,
      expires_in: 600,
    }),
  [`${origin}/revoke`]: () => new Response(null, { status: 200 }),
  [`${api}/things`]: () => Response.json([]),
}
const runtime = {
  redirects: 'platform',
  sleep: async () => undefined,
  /** @param {string | URL | Request} input */
  fetch: async (input) => {
    const url = String(input instanceof Request ? input.url : input)
    asked.push(url)
    return answers[url]?.() ?? new Response(null, { status: 404 })
  },
}

beforeEach(() => {
  asked = []
  life = 3600
  vi.stubGlobal('fetch', () => expect.fail('not by way of the runtime'))
})
afterEach(() => void vi.unstubAllGlobals())

it.each([[{ clientId: 'page' }], [undefined]])('a sign-in as %j, its renewals and its end', async (client) => {
  const store = memoryStore()
  const given = { store, runtime, ...(client ? { client } : {}) }
  const { state, url } = await startSignIn(service, { ...given, redirectUri })
  expect(url.searchParams.get('client_id')).toBe('page')
  life = 0.001
  await finishSignIn(service, `${redirectUri}?code=code-of-the-page&state=${state}`, given)
  const auth = createAuth(service, { credential: signedIn({ store }), runtime })
  expect((await auth.fetch(`${api}/things`)).status).toBe(200)
  await signOut(service, { store, runtime })
  const times = (/** @type {string} */ path) => asked.filter((one) => one === `${origin}${path}`).length
  expect([times('/register'), times('/token') > 1, times('/revoke')]).toEqual([client ? 0 : 1, true, 1])
})

it('a sign-in on another device', async () => {
  await deviceSignIn(service, { store: memoryStore(), runtime, client: { clientId: 'page' }, present: () => undefined })
  expect(asked.slice(-2)).toEqual([`${origin}/device`, `${origin}/token`])
})

it('client credentials', async () => {
  const client = { clientId: 'program', clientSecret: testKey.token() }
  const auth = createAuth(service, { credential: clientCredentials(client), runtime })
  expect((await auth.fetch(`${api}/things`)).status).toBe(200)
  expect(asked).toEqual([`${origin}/token`, `${api}/things`])
})

it('a refusal of the token endpoint, in our words', async () => {
  const client = { clientId: 'program', clientSecret: testKey.token() }
  const refusing = async () => Response.json({ error: 'invalid_client' }, { status: 401 })
  const auth = createAuth(service, { credential: clientCredentials(client), runtime: { ...runtime, fetch: refusing } })
  await expect(auth.credential()).rejects.toMatchObject({
    code: 'client_refused',
    parameters: { error: 'invalid_client' },
  })
})
