import { createSandbox } from '@pentauth/sandbox'
import { handlers } from '@pentauth/sandbox/msw'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type CredentialSource,
  clientCredentials,
  createAuth,
  defineService,
  type IdentityTokenSource,
  type PentauthEvent,
  type Service,
  traceDiagram,
  type WorkloadIdentityOptions,
  workloadIdentity,
} from '../src/index.ts'
import { parseService } from '../src/schema.ts'

// Against the sandbox at its documented addresses, by MSW; over real HTTP in @pentauth/node.

const issuer = 'https://mcp.pensyve.com'
const tokenEndpoint = `${issuer}/oauth/token`
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'

const msw = setupServer()
let sandbox = createSandbox()
// What was discovered is kept by the platform's fetch: each test has its own.
let ownFetch: typeof fetch
beforeAll(() => msw.listen({ onUnhandledFrame: 'error' } as never))
afterAll(() => msw.close())
beforeEach(() => {
  sandbox = createSandbox({ pensyve: { workloadIdentity: [{ subject: 'repo:octo/agent:*' }] } })
  msw.use(...handlers(sandbox))
  ownFetch = (input, init) => fetch(input, init)
})
afterEach(() => msw.resetHandlers())

const parts = { id: 'acme', name: 'Acme', errors: [], recommendations: [], links: { docs: { where: 'Acme docs' } } }
const bare: Service = defineService({
  ...parts,
  resources: { mcp: { url: `${issuer}/mcp`, protocol: 'mcp', accessToken: true } },
})
const withRules = (oauth: object): Service =>
  defineService({ ...bare, oauth: { grants: [jwtBearer], tokenEndpointAuthMethod: 'none', ...oauth } } as Service)

function holder(credential: CredentialSource, service = bare) {
  const events: PentauthEvent[] = []
  const runtime = { now: sandbox.clock.now, fetch: ownFetch }
  return { events, auth: createAuth(service, { credential, runtime, onEvent: (event) => void events.push(event) }) }
}
const token = () => sandbox.ci.job().token({ audience: issuer })
const requests = (grant: string) => sandbox.tokens.requests('pensyve', grant)
const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

describe('an identity token', () => {
  it.each([
    ['jwt-bearer', jwtBearer],
    ['token-exchange', exchange],
  ] as const)('is worth an access token by %s, once for 200 callers', async (grant, type) => {
    let read = 0
    const counted = () => {
      read += 1
      return token()
    }
    const { auth, events } = holder(workloadIdentity({ token: counted, grant, issuer }))
    const call = async () => (await auth.fetch(`${issuer}/mcp`, { method: 'POST', body, headers })).status
    expect(new Set(await Promise.all(Array.from({ length: 200 }, call)))).toEqual(new Set([200]))
    expect([read, requests(type)]).toEqual([1, 1])
    expect(events.filter(({ type }) => type.startsWith('token_'))).toMatchObject([
      { type: 'token_requested', tokenEndpoint, source: 'workload identity (the function)', reason: 'first' },
      { type: 'token_received' },
    ])
    expectNoMarker(events)
    expect(traceDiagram(events)).toContain('sequenceDiagram')
  })

  it('is not asked for with each call that a service refuses whatever the token', async () => {
    let calls = 0
    let isOpen = false
    msw.use(
      http.post(`${issuer}/mcp`, () => {
        calls += 1
        if (isOpen) return HttpResponse.json({})
        return HttpResponse.json({}, { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
      }),
    )
    // A clock that stands, so that a slow machine makes no pause end.
    let now = sandbox.clock.now()
    const runtime = { now: () => now, fetch: ownFetch }
    const auth = createAuth(bare, { credential: workloadIdentity({ token, grant: 'jwt-bearer', issuer }), runtime })
    const call = async () => (await auth.fetch(`${issuer}/mcp`, { method: 'POST', body, headers })).status
    for (let turn = 0; turn < 50; turn++) expect(await call()).toBe(401)
    expect([calls, requests(jwtBearer)]).toEqual([51, 2])
    // A refusal of later has a new one made again.
    now += 60_000
    expect([await call(), requests(jwtBearer)]).toEqual([401, 3])
    isOpen = true
    expect([await call(), requests(jwtBearer)]).toEqual([200, 3])
  })

  it('says who else may give tokens where the definition names nobody', async () => {
    const service = defineService({
      ...(withRules({ grants: ['client_credentials'], tokenEndpoint }) as object),
      apiKey: { env: 'ACME_API_KEY' },
    } as never)
    const error = await caught(holder(workloadIdentity({ token, grant: 'jwt-bearer' }), service).auth.credential())
    expect(error).toMatchObject({ code: 'credential_not_accepted' })
    expect(error.hint).toContain(
      'name an authorization server that gives them, as in { issuer: "https://auth.example" }',
    )
  })

  it('asks for what the options say', async () => {
    const forms: Record<string, string>[] = []
    msw.use(
      http.post(tokenEndpoint, async ({ request }) => {
        forms.push(Object.fromEntries(new URLSearchParams(await request.text())))
        return HttpResponse.json({ access_token: testKey.token(), token_type: 'Bearer' })
      }),
    )
    const ask = async (options: Partial<WorkloadIdentityOptions>, service = bare) => {
      const given = { token: () => 'e30.e30.x', grant: 'token-exchange', issuer, ...options } as WorkloadIdentityOptions
      await holder(workloadIdentity(given), service).auth.credential()
      return forms.pop()
    }
    const subject = { subject_token: 'e30.e30.x', subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' }
    expect(await ask({})).toEqual({ grant_type: exchange, ...subject, resource: `${issuer}/mcp` })
    const requestedTokenType = 'urn:ietf:params:oauth:token-type:access_token'
    expect(await ask({ audience: 'acme', scope: 'a b', requestedTokenType, clientId: 'me' })).toEqual({
      ...{ grant_type: exchange, ...subject, audience: 'acme', scope: 'a b', client_id: 'me' },
      requested_token_type: requestedTokenType,
    })
    expect(
      await ask({ resource: 'https://acme.example', subjectTokenType: 'urn:acme:saml', token: () => 'not+a/JWT=' }),
    ).toEqual({
      ...{ grant_type: exchange, subject_token: 'not+a/JWT=', subject_token_type: 'urn:acme:saml' },
      resource: 'https://acme.example',
    })
    // Where the definition has the endpoint, a resource is named only when the program says so.
    const service = withRules({ tokenEndpoint })
    expect(await ask({ grant: 'jwt-bearer', issuer: undefined }, service)).toEqual({
      grant_type: jwtBearer,
      assertion: 'e30.e30.x',
    })
    expect(await ask({ grant: 'jwt-bearer', clientId: 'me', clientSecret: testKey.token() })).toMatchObject({
      grant_type: jwtBearer,
    })
  })

  it('goes to the issuer of a definition without an endpoint', async () => {
    const { auth } = holder(workloadIdentity({ token, grant: 'jwt-bearer' }), withRules({ issuer }))
    expect(await auth.credential()).toMatchObject({ kind: 'access-token', source: 'workload identity (the function)' })
    const json = JSON.parse(JSON.stringify(withRules({ issuer, grants: [jwtBearer, exchange] })))
    expect(parseService(json).oauth?.grants).toEqual([jwtBearer, exchange])
  })

  it('is read anew for each access token', async () => {
    const readFor: string[] = []
    const vault: IdentityTokenSource = {
      name: 'the vault',
      read({ service, now }) {
        readFor.push(`${service.id} at ${now() >= 1_800_000_000_000}`)
        return token()
      },
    }
    sandbox.clock.set(1_800_000_000_000)
    const { auth } = holder(workloadIdentity({ token: vault, grant: 'jwt-bearer', issuer }))
    expect(await auth.credential()).toMatchObject({ source: 'workload identity (the vault)' })
    sandbox.clock.advance(1_000_000)
    await auth.credential()
    sandbox.tokens.revokeAccessTokens('pensyve')
    expect((await auth.fetch(`${issuer}/mcp`, { method: 'POST', body, headers })).status).toBe(200)
    expect([readFor, requests(jwtBearer)]).toEqual([Array(3).fill('acme at true'), 3])
  })

  it('may be asked for within the limits of all our requests, and is drawn', async () => {
    const job = sandbox.ci.job().env()
    const provider: IdentityTokenSource = {
      name: 'the provider',
      async read({ ask }) {
        const headers = { authorization: `bearer ${job.ACTIONS_ID_TOKEN_REQUEST_TOKEN}` }
        const response = await ask('provider', `${job.ACTIONS_ID_TOKEN_REQUEST_URL}&audience=${issuer}`, { headers })
        return ((await response.json()) as { value: string }).value
      },
    }
    const { auth, events } = holder(workloadIdentity({ token: provider, grant: 'jwt-bearer', issuer }))
    await auth.credential()
    await new Promise(setImmediate)
    expect(traceDiagram(events)).toContain('as Identity provider, https://ci.sandbox.example')
    expect(traceDiagram(events)).toContain('GET /oidc/token')
    const answer = () => new HttpResponse('', { status: 503, headers: { 'retry-after': '9' } })
    msw.use(http.get(`${sandbox.ci.issuer}/oidc/token`, answer))
    sandbox.clock.advance(1_000_000)
    expect(await caught(auth.credential())).toMatchObject({
      code: 'temporarily_unavailable',
      message: expect.stringContaining('Acme: the provider at https://ci.sandbox.example/oidc/token answered 503.'),
      retryAfter: 9,
    })
  })

  it('that its source cannot give fails the call with the error of the source, which is asked again', async () => {
    const trouble = new RangeError('the vault is closed')
    let isOpen = false
    const { auth } = holder(
      workloadIdentity({ token: () => (isOpen ? token() : Promise.reject(trouble)), grant: 'jwt-bearer', issuer }),
    )
    expect(await auth.credential().catch((error: unknown) => error)).toBe(trouble)
    isOpen = true
    expect(await auth.credential()).toMatchObject({ kind: 'access-token' })
  })

  it('is not sent to a server that does not say so in its metadata', async () => {
    const { auth } = holder(workloadIdentity({ token, grant: 'jwt-bearer', issuer: 'https://pendium.ai' }))
    expect((await caught(auth.credential())).code).toBe('discovery_failed')
  })

  it.each([
    [59, 'token_request_rejected'],
    [61, 'source_failed'],
  ])('that ended %i s ago: %s', async (seconds, code) => {
    sandbox.clock.set(1_800_000_000_000)
    const exp = Math.floor(sandbox.clock.now() / 1000) - seconds
    const late = () => sandbox.ci.job().token({ audience: issuer, claims: { exp } })
    expect(
      (await caught(holder(workloadIdentity({ token: late, grant: 'jwt-bearer', issuer })).auth.credential())).code,
    ).toBe(code)
  })

  it('may be encrypted, which hides its claims from us', async () => {
    const { auth } = holder(workloadIdentity({ token: () => 'e30.a.b.c.d', grant: 'jwt-bearer', issuer }))
    expect(await caught(auth.credential())).toMatchObject({
      code: 'token_request_rejected',
      hint: 'The client is known but may not have this token; check its settings.',
    })
  })

  it('of each resource has its own access token', async () => {
    const two = {
      ...bare.resources,
      other: { url: `${issuer}/mcp/other`, protocol: 'mcp', accessToken: true },
    } as const
    const { auth } = holder(
      workloadIdentity({ token, grant: 'jwt-bearer', issuer }),
      defineService({ ...parts, resources: two }),
    )
    await auth.credential(`${issuer}/mcp`)
    // The metadata stands for both, so the server is asked for the resource that it names.
    await auth.credential(`${issuer}/mcp/other`)
    await auth.credential(`${issuer}/mcp`)
    expect(requests(jwtBearer)).toBe(2)
  })
})

describe('a client of a server that was found by its issuer', () => {
  const keyed = async () => {
    const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ])
    const keys = { keys: [await crypto.subtle.exportKey('jwk', publicKey)] } as never
    const { clientId } = sandbox.clients.register('pensyve', {
      redirectUris: [],
      keys,
      grantTypes: ['client_credentials'],
    })
    return { clientId, privateKey }
  }

  it('proves itself with a key, anew for each token', async () => {
    const { auth } = holder(clientCredentials(await keyed(), { issuer, scope: 'mcp:read' }))
    expect(await auth.credential()).toMatchObject({ scopes: ['mcp:read'] })
    sandbox.clock.advance(1_000_000)
    await auth.credential()
    expect(requests('client_credentials')).toBe(2)
  })

  it('proves itself with a secret, in the way the server takes', async () => {
    const { clientId, clientSecret = '' } = sandbox.clients.register('pensyve', {
      redirectUris: [],
      authMethod: 'client_secret_basic',
      grantTypes: ['client_credentials'],
    })
    const { auth } = holder(clientCredentials({ clientId, clientSecret }, { issuer }))
    expect((await auth.fetch(`${issuer}/mcp`, { method: 'POST', body, headers })).status).toBe(200)
  })

  it('with a key that nobody takes is refused before anything is signed', async () => {
    const metadata = { issuer, token_endpoint: tokenEndpoint, token_endpoint_auth_methods_supported: ['none'] }
    msw.use(http.get(`${issuer}/.well-known/oauth-authorization-server`, () => HttpResponse.json(metadata)))
    const { auth } = holder(clientCredentials(await keyed(), { issuer }))
    expect((await caught(auth.credential())).code).toBe('registration_failed')
    expect(requests('client_credentials')).toBe(0)
  })

  it('is looked for again after a refusal: it may have moved', async () => {
    let asked = 0
    const count = () => {
      asked += 1
      return undefined
    }
    msw.use(http.get(`${issuer}/.well-known/oauth-authorization-server`, count as never))
    const { auth } = holder(clientCredentials({ clientId: 'unknown', clientSecret: testKey.token() }, { issuer }))
    expect((await caught(auth.credential())).code).toBe('client_refused')
    expect((await caught(auth.credential())).code).toBe('client_refused')
    expect(asked).toBe(1)
    sandbox.clock.advance(1_001)
    expect((await caught(auth.credential())).code).toBe('client_refused')
    expect(asked).toBe(2)
  })
})
