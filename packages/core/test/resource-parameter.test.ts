import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import {
  type CredentialSource,
  clientCredentials,
  createAuth,
  defineService,
  deviceSignIn,
  finishSignIn,
  memoryStore,
  type OAuthRules,
  relocate,
  type Service,
  signedIn,
  startSignIn,
  workloadIdentity,
} from '../src/index.ts'
import { parseService } from '../src/schema.ts'
import { authorizationServer } from './support/authorization-server.ts'
import { json } from './support/server.ts'

// A server that refuses `resource`, or wants the scope again: what a definition says of it, without any address.

const redirectUri = 'http://127.0.0.1:8123/callback'
const rules = {
  grants: ['authorization_code', 'refresh_token', 'client_credentials', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
  tokenEndpointAuthMethod: 'none',
} as const
const quirks = { ...rules, omitResourceParameter: true, scopeOnRefresh: true } as const

type Forms = readonly URLSearchParams[]

/** A person who signs in and comes back an hour later; what the server was sent. */
async function session(oauth: OAuthRules | undefined, metadata: object = {}) {
  const acme = await authorizationServer({ metadata: () => ({ ...metadata }) })
  const service = defineService({ ...acme.service, ...(oauth ? { oauth } : {}) })
  const store = memoryStore()
  let now = Date.now()
  const runtime = { now: () => now }
  const { url } = await startSignIn(service, { store, redirectUri, client: { name: 'Test' }, runtime })
  await finishSignIn(service, acme.approve(url), { store, runtime })
  now += 3_600_000
  const auth = createAuth(service, { credential: signedIn({ store }), runtime })
  expect((await auth.fetch(service.resources.mcp.url)).status).toBe(200)
  const [code, refresh] = acme.tokenRequests() as Forms & [URLSearchParams, URLSearchParams]
  return { url, code, refresh, origin: acme.origin }
}

describe('by default', () => {
  it('the resource is named in each request and a renewal says no scope', async () => {
    const { url, code, refresh, origin } = await session(rules)
    for (const sent of [url.searchParams, code, refresh]) expect(sent.get('resource')).toBe(`${origin}/mcp`)
    expect(refresh.has('scope')).toBe(false)
  })
})

describe('a server that refuses `resource` and wants the scope again', () => {
  it('is found by metadata, and asked without the one and with the other', async () => {
    const { url, code, refresh } = await session(quirks)
    for (const sent of [url.searchParams, code, refresh]) expect(sent.has('resource')).toBe(false)
    expect(refresh.get('scope')).toBe('read')
  })

  it('hears again that the session is to go on', async () => {
    const { refresh } = await session(quirks, { scopes_supported: ['read', 'offline_access'] })
    expect(refresh.get('scope')).toBe('read offline_access')
  })

  it('gets no `resource` from a device', async () => {
    const forms: URLSearchParams[] = []
    const acme = await authorizationServer({
      metadata: (origin) => ({ device_authorization_endpoint: `${origin}/register` }),
      register(response, { body }, { origin }) {
        forms.push(new URLSearchParams(body))
        const code = { device_code: testKey.token('device'), user_code: 'ABCD', verification_uri: `${origin}/device` }
        return json(response, 200, { ...code, expires_in: 60 })
      },
      token(response, { body }) {
        forms.push(new URLSearchParams(body))
        return json(response, 200, { access_token: testKey.token(), token_type: 'Bearer' })
      },
    })
    const sign = (oauth: OAuthRules) =>
      deviceSignIn(defineService({ ...acme.service, oauth }), {
        store: memoryStore(),
        client: { clientId: 'one' },
        present: () => undefined,
        runtime: { sleep: async () => undefined },
      })
    await sign(quirks)
    expect(forms.map((form) => form.get('resource'))).toEqual([null, null])
    await sign(rules)
    expect(forms.slice(2).map((form) => form.get('resource'))).toEqual([`${acme.origin}/mcp`, `${acme.origin}/mcp`])
  })

  it('gets none from a program, unless the program itself names one', async () => {
    const acme = await authorizationServer({
      metadata: () => ({ token_endpoint_auth_methods_supported: ['client_secret_basic'] }),
      token: (response) => json(response, 200, { access_token: testKey.token(), token_type: 'Bearer' }),
    })
    const issuer = acme.origin
    const service = defineService({ ...acme.service, oauth: quirks })
    const asked = async (credential: CredentialSource) => {
      await createAuth(service, { credential }).credential()
      return acme.tokenRequests().at(-1)?.get('resource')
    }
    const identity = { token: () => 'e30.e30.x', grant: 'jwt-bearer', issuer } as const
    expect(await asked(clientCredentials({ clientId: 'one', clientSecret: testKey.token() }, { issuer }))).toBe(null)
    expect(await asked(workloadIdentity(identity))).toBe(null)
    expect(await asked(workloadIdentity({ ...identity, resource: 'https://acme.example' }))).toBe(
      'https://acme.example',
    )
  })
})

describe('the definition', () => {
  const parts = { id: 'acme', name: 'Acme', errors: [], recommendations: [], links: { docs: { where: 'Acme docs' } } }
  const resources = { mcp: { url: 'https://mcp.acme.example/mcp', protocol: 'mcp', accessToken: true } } as const

  it('may come from JSON, and keeps both wherever it moves', () => {
    const given = { ...parts, resources, oauth: quirks }
    expect(parseService(JSON.parse(JSON.stringify(given))).oauth).toEqual(quirks)
    const moved = relocate(defineService(given), { 'https://mcp.acme.example': 'http://127.0.0.1:4000' })
    expect(moved.oauth).toEqual(quirks)
  })

  it.each(['omitResourceParameter', 'scopeOnRefresh'])('is refused where %s is no boolean', async (name) => {
    const make = async () => defineService({ ...parts, resources, oauth: { ...rules, [name]: 'yes' } } as Service)
    expect(await caught(make())).toMatchObject({
      code: 'invalid_service',
      message: `Service definition "acme": oauth.${name} must be true or false.`,
    })
  })
})
