import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import {
  type ClientCredentialsOptions,
  type CredentialSource,
  clientCredentials,
  createAuth,
  defineService,
  type OAuthRules,
  type WorkloadIdentityOptions,
  workloadIdentity,
} from '../src/index.ts'
import { authorizationServer, type Endpoints } from './support/authorization-server.ts'
import { json } from './support/server.ts'

// Programs at a service of which nothing is known but its address, such as any MCP server: who gets to see what they have.

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const client = { clientId: 'one', clientSecret: testKey.token('client') }
const access = testKey.token('access')

async function world(oauth?: OAuthRules, endpoints: Endpoints = {}) {
  const acme = await authorizationServer({
    metadata: () => ({
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
      grant_types_supported: ['client_credentials', jwtBearer],
    }),
    token: (response) => json(response, 200, { access_token: access, token_type: 'Bearer', expires_in: 60 }),
    ...endpoints,
  })
  const service = defineService({ ...acme.service, ...(oauth ? { oauth } : {}) })
  const call = async (credential: CredentialSource) =>
    (await createAuth(service, { credential }).fetch(`${acme.origin}/mcp`, { method: 'POST', body: '{}' })).status
  const used = () => acme.server.seen.filter(({ path }) => path === '/mcp').map(({ headers }) => headers.authorization)
  return { ...acme, service, call, used, form: () => Object.fromEntries(acme.tokenRequests()[0] ?? []) }
}
const byClient = (options?: ClientCredentialsOptions) => clientCredentials(client, options)
const byIdentity = (options: Partial<WorkloadIdentityOptions>) =>
  workloadIdentity({ token: () => 'e30.e30.x', grant: 'jwt-bearer', ...options })
const key = () => crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])

describe('where the program names the issuer', () => {
  it('a client gets a token for the resource', async () => {
    const { call, origin, form, used, server } = await world()
    expect(await call(byClient({ issuer: origin, scope: 'read' }))).toBe(200)
    expect(form()).toEqual({ grant_type: 'client_credentials', scope: 'read', resource: `${origin}/mcp` })
    expect(used()[0] === `Bearer ${access}`).toBe(true)
    // The resource itself says so, too.
    expect(server.seen[0]?.path).toBe('/.well-known/oauth-protected-resource/mcp')
  })

  it('a workload gets one', async () => {
    const { call, origin, form } = await world()
    expect(await call(byIdentity({ issuer: origin, clientId: 'me' }))).toBe(200)
    const sent = { assertion: 'e30.e30.x', client_id: 'me', resource: `${origin}/mcp` }
    expect(form()).toEqual({ grant_type: jwtBearer, ...sent })
  })

  it('and the resource names another, nothing is sent', async () => {
    const { call, tokenRequests } = await world(undefined, {
      resourceMetadata: () => ({ authorization_servers: ['https://elsewhere.example'] }),
    })
    const error = await caught(call(byClient({ issuer: 'https://auth.acme.example' })))
    expect([error.code, tokenRequests()]).toEqual(['discovery_failed', []])
  })
})

describe('where nobody does', () => {
  it.each([
    ['a secret', byClient()],
    ['an identity token', byIdentity({ token: () => Promise.reject(new RangeError('is read')) })],
  ])('%s is not sent to the server that the resource names, which the hint names', async (_, credential) => {
    const { call, origin, tokenRequests } = await world()
    const error = await caught(call(credential))
    expect(error).toMatchObject({
      code: 'invalid_service',
      hint: `The resource names an authorization server. If it is the one that you know, name it, too: { issuer: "${origin}" }.`,
    })
    expect(error.message).toContain('Acme has no token endpoint in its definition.')
    expect(tokenRequests()).toEqual([])
    expectNoMarker(error)
  })

  it('nothing is signed for it either', async () => {
    const { call, tokenRequests } = await world()
    const { privateKey } = await key()
    expect((await caught(call(clientCredentials({ clientId: 'one', privateKey })))).code).toBe('invalid_service')
    expect(tokenRequests()).toEqual([])
  })

  it('and the resource is silent, the hint says how', async () => {
    const { call } = await world(undefined, { resourceMetadata: () => ({ resource: 5 }) })
    expect((await caught(call(byClient()))).hint).toBe(
      'Name its authorization server, as in { issuer: "https://auth.example" }, or the endpoint in the definition.',
    )
  })

  it('a definition that lists other grants has no use for a client', async () => {
    const { call } = await world({ grants: ['authorization_code'], tokenEndpointAuthMethod: 'none' })
    expect((await caught(call(byClient()))).code).toBe('credential_not_accepted')
  })
})

describe('where the program trusts the resource', () => {
  const trust = { dangerouslyTrustResourceIssuer: true } as const

  it('a secret goes to the server that it names', async () => {
    const { call, origin, form, server } = await world()
    expect(await call(byClient(trust))).toBe(200)
    expect(form()).toEqual({ grant_type: 'client_credentials', resource: `${origin}/mcp` })
    const { authorization = '' } = server.seen.find(({ path }) => path === '/token')?.headers ?? {}
    const sent = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString()
    expect(decodeURIComponent(sent) === `one:${client.clientSecret}`).toBe(true)
  })

  it('a key signs for that server alone', async () => {
    const { call, origin, form } = await world()
    const { privateKey } = await key()
    expect(await call(clientCredentials({ clientId: 'one', privateKey }, trust))).toBe(200)
    const [, claims = ''] = form().client_assertion?.split('.') ?? []
    expect(JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/')))).toMatchObject({
      aud: origin,
      sub: 'one',
    })
  })

  it('an identity token goes there, also where the definition says no more than its quirks', async () => {
    const { call, form } = await world({
      grants: [jwtBearer],
      tokenEndpointAuthMethod: 'none',
      omitResourceParameter: true,
    })
    expect(await call(byIdentity(trust))).toBe(200)
    expect(form()).toEqual({ grant_type: jwtBearer, assertion: 'e30.e30.x' })
  })

  it('the issuer of the definition still comes first', async () => {
    const rules = { grants: ['client_credentials'], tokenEndpointAuthMethod: 'client_secret_basic' } as const
    const { call, tokenRequests } = await world({ ...rules, issuer: 'https://auth.acme.example' })
    const error = await caught(
      createAuth(
        defineService({
          ...(await world()).service,
          oauth: { ...rules, tokenEndpoint: 'https://auth.acme.example/token' },
        }),
        { credential: byClient(trust), runtime: { fetch: async (url) => new Response(String(url), { status: 400 }) } },
      ).credential(),
    )
    expect(error.message).toContain('https://auth.acme.example')
    expect((await caught(call(byClient(trust)))).code).toMatch(/discovery_failed|temporarily_unavailable/)
    expect(tokenRequests()).toEqual([])
  })

  it('a server without the grant is not asked', async () => {
    const { call, tokenRequests } = await world(undefined, {
      metadata: () => ({ grant_types_supported: ['authorization_code'] }),
    })
    expect([(await caught(call(byClient(trust)))).code, tokenRequests()]).toEqual(['credential_not_accepted', []])
  })
})
