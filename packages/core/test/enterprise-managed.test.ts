import { createSandbox } from '@pentauth/sandbox'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import {
  createAuth,
  defineService,
  type EnterpriseManagedOptions,
  enterpriseManaged,
  firstOf,
  type IdentityProvider,
  type PentauthEvent,
  type Service,
} from '../src/index.ts'
import { authorizationServer, type Endpoints } from './support/authorization-server.ts'
import { type Answer, json, serve, type TestServer } from './support/server.ts'

const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const idJag = 'urn:ietf:params:oauth:token-type:id-jag'
const assertion = testKey.token('id-jag')
const access = testKey.token('access')

const idToken = (claims: object = {}) =>
  ['{"alg":"none"}', JSON.stringify({ iss: 'https://login.acme.example', sub: 'ada', ...claims }), testKey.token('id')]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')

const granted = { access_token: assertion, issued_token_type: idJag, token_type: 'N_A', expires_in: 300 }
const tokens: Answer = (response) =>
  json(response, 200, { access_token: access, token_type: 'Bearer', expires_in: 3600 })
const formsOf = ({ seen }: TestServer) =>
  seen.filter(({ method }) => method === 'POST').map(({ body }) => Object.fromEntries(new URLSearchParams(body)))

interface Answers extends Endpoints {
  readonly provider?: Answer
  readonly about?: (origin: string) => object
}

/** A company's identity provider, and a service at another origin; both on this machine. */
async function world({ provider, about, ...endpoints }: Answers = {}) {
  const idp = await serve((response, seen, server) => {
    if (seen.path === '/token') return (provider ?? ((answer) => json(answer, 200, granted)))(response, seen, server)
    const { origin } = server
    const metadata = { issuer: origin, token_endpoint: `${origin}/token`, ...about?.(origin) }
    return seen.path === '/.well-known/openid-configuration'
      ? json(response, 200, metadata)
      : response.writeHead(404).end()
  })
  const acme = await authorizationServer({ token: tokens, ...endpoints })
  const events: PentauthEvent[] = []
  const source = (options: Partial<EnterpriseManagedOptions> = {}, there: Partial<IdentityProvider> = {}) =>
    enterpriseManaged({
      idToken: idToken(),
      identityProvider: { issuer: idp.origin, clientId: 'agent-at-login', ...there },
      clientId: 'agent',
      ...options,
    })
  let now = Date.now()
  return {
    ...acme,
    idp,
    events,
    source,
    advance: (ms: number) => {
      now += ms
    },
    auth: (options: Partial<EnterpriseManagedOptions> = {}, there = {}, service: Service = acme.service) =>
      createAuth(service, {
        credential: source(options, there),
        runtime: { now: () => now },
        onEvent: (event) => void events.push(event),
      }),
    asked: () => formsOf(idp),
    given: () => acme.tokenRequests().map((form) => Object.fromEntries(form)),
  }
}

describe('a person who is signed in at their company', () => {
  it('gets an access token for what the identity provider says, once for all callers', async () => {
    const { auth, asked, given, origin, server, events, advance } = await world()
    const held = auth({ scope: 'read' })
    const calls = Array.from({ length: 20 }, () => held.fetch(`${origin}/mcp`, { method: 'POST', body: '{}' }))
    expect(new Set((await Promise.all(calls)).map(({ status }) => status))).toEqual(new Set([200]))
    const exchanged = {
      grant_type: exchange,
      requested_token_type: idJag,
      audience: origin,
      resource: `${origin}/mcp`,
      scope: 'read',
      subject_token: idToken(),
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      client_id: 'agent-at-login',
    }
    expect(asked()).toEqual([exchanged])
    expect(given()).toEqual([{ grant_type: jwtBearer, assertion, client_id: 'agent', resource: `${origin}/mcp` }])
    const used = server.seen.filter(({ path }) => path === '/mcp')
    expect(used.every(({ headers }) => headers.authorization === `Bearer ${access}`)).toBe(true)
    // The ID token is nobody's but the provider's.
    expect(JSON.stringify(server.seen).includes(idToken())).toBe(false)
    expect(events).toContainEqual(expect.objectContaining({ type: 'token_requested', source: 'enterprise sign-in' }))
    expectNoMarker(events)
    advance(3_599_000)
    await held.credential()
    expect([asked().length, given().length]).toEqual([2, 2])
  })

  it('whose program proves itself at both servers, at each with its own secret', async () => {
    const [theirs, ours] = [testKey.token('at login'), testKey.token('at acme')]
    const basic = { token_endpoint_auth_methods_supported: ['client_secret_basic'] }
    const { auth, idp, origin, server } = await world({ about: () => basic, metadata: () => basic })
    await auth({ clientSecret: ours, issuer: origin }, { clientSecret: theirs }).credential()
    const proof = (where: TestServer) => {
      const { authorization = '' } = where.seen.find(({ path }) => path === '/token')?.headers ?? {}
      return decodeURIComponent(Buffer.from(authorization.replace('Basic ', ''), 'base64').toString())
    }
    expect(proof(idp) === `agent-at-login:${theirs}`).toBe(true)
    expect(proof(server) === `agent:${ours}`).toBe(true)
  })

  it('has a provider whose endpoint is told, and another kind of token', async () => {
    const { auth, asked, idp } = await world()
    const saml = { idToken: () => 'PHNhbWw+', subjectTokenType: 'urn:ietf:params:oauth:token-type:saml2' }
    await auth(saml, { issuer: undefined, tokenEndpoint: `${idp.origin}/token` }).credential()
    expect(asked()).toMatchObject([{ subject_token: 'PHNhbWw+', subject_token_type: saml.subjectTokenType }])
    expect(idp.seen).toHaveLength(1)
  })

  it('is asked for a token for each resource, also where the definition has one endpoint for all', async () => {
    const { auth, asked, origin, service } = await world()
    const resources = {
      ...service.resources,
      other: { url: `${origin}/other`, protocol: 'mcp', accessToken: true },
    } as const
    const oauth = { grants: [jwtBearer], tokenEndpointAuthMethod: 'none', tokenEndpoint: `${origin}/token` } as const
    const held = auth({}, {}, defineService({ ...service, resources, oauth }))
    await held.credential(`${origin}/mcp`)
    await held.credential(`${origin}/other`)
    expect(asked().map(({ resource, audience }) => [resource, audience])).toEqual([
      [`${origin}/mcp`, origin],
      [`${origin}/other`, origin],
    ])
  })

  it('may have tokens that are bound to a key, which the provider never sees', async () => {
    const { auth, idp, origin, server } = await world({
      metadata: () => ({ dpop_signing_alg_values_supported: ['ES256'] }),
      token: (response) => json(response, 200, { access_token: access, token_type: 'DPoP', expires_in: 60 }),
    })
    expect((await auth({ dpop: true }).fetch(`${origin}/mcp`, { method: 'POST', body: '{}' })).status).toBe(200)
    const proven = [...idp.seen, ...server.seen].filter(({ headers }) => headers.dpop !== undefined)
    expect(proven.map(({ path }) => path)).toEqual(['/token', '/mcp'])
    expect(idp.seen.some(({ headers }) => headers.dpop !== undefined)).toBe(false)
    expect(server.seen.at(-1)?.headers.authorization === `DPoP ${access}`).toBe(true)
  })

  it('leaves `resource` out for a server that refuses it, and not for the provider', async () => {
    const { auth, asked, given, service, origin } = await world()
    const oauth = { grants: [jwtBearer], tokenEndpointAuthMethod: 'none', omitResourceParameter: true } as const
    await auth({}, {}, defineService({ ...service, oauth })).credential()
    expect([asked()[0]?.resource, given()[0]?.resource]).toEqual([`${origin}/mcp`, undefined])
  })

  it('whose ID token was renewed meanwhile is asked for with the new one', async () => {
    let read = 0
    const { auth, asked } = await world({
      provider: (response, { body }) =>
        new URLSearchParams(body).get('subject_token') === idToken({ sub: 'new' })
          ? json(response, 200, granted)
          : json(response, 400, { error: 'invalid_grant' }),
    })
    const renewed = () => {
      read += 1
      return idToken(read > 1 ? { sub: 'new' } : {})
    }
    expect(await auth({ idToken: renewed }).credential()).toMatchObject({ kind: 'access-token' })
    expect(asked()).toHaveLength(2)
  })

  it('is no reason to stop a chain where there is no ID token', async () => {
    const { source, service } = await world()
    const absent = { name: 'the company', read: () => '', missing: () => ({ absent: 'nobody is signed in' }) as never }
    const other = { name: 'other', kind: 'access-token', get: () => ({ absent: 'neither' }) as never } as const
    const chain = createAuth(service, { credential: firstOf(source({ idToken: absent }), other) })
    expect((await caught(chain.credential())).code).toBe('no_credential')
  })
})

describe('a secret of the client', () => {
  it('goes to no server that only the resource names', async () => {
    const { auth, asked, given, origin } = await world()
    const error = await caught(auth({ clientSecret: testKey.token() }).credential())
    expect(error).toMatchObject({ code: 'invalid_service', hint: expect.stringContaining(`{ issuer: "${origin}" }`) })
    expect([asked(), given()]).toEqual([[], []])
  })

  it('goes there where the program trusts the resource', async () => {
    const metadata = () => ({ token_endpoint_auth_methods_supported: ['client_secret_post'] })
    const { auth, given } = await world({ metadata })
    const clientSecret = testKey.token()
    await auth({ clientSecret, dangerouslyTrustResourceIssuer: true }).credential()
    expect(given()[0]?.client_secret === clientSecret).toBe(true)
  })
})

describe('an answer of the provider', () => {
  const said = (body: object, status = 200): Answer => {
    return (response) => json(response, status, body)
  }
  const token = testKey.token('something else')

  it.each([
    ['an access token', { ...granted, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }],
    ['one of no type', { ...granted, issued_token_type: undefined }],
    ['a Bearer token', { ...granted, token_type: 'Bearer' }],
    ['an assertion that is none', { ...granted, access_token: `${token}\n` }],
    ['nothing', {}],
    ['an error with a token', { ...granted, token_type: 'Bearer', error: 'none' }],
  ])('that is %s is no identity assertion', async (_, body) => {
    const { auth, given } = await world({ provider: said(body) })
    const error = await caught(auth().credential())
    expect(error.code).toBe('token_response_invalid')
    expect(error.message).toMatch(/^127\.0\.0\.1:\d+'s token endpoint sent /)
    expect(given()).toEqual([])
    expectNoMarker(error)
  })

  it.each([
    [said({ error: 'invalid_client' }, 401), 'client_refused', /^127\.0\.0\.1:\d+ refused the OAuth client/],
    [said({ error: 'invalid_target' }, 400), 'token_request_rejected', /400 "invalid_target"/],
    [said({ error: 'server_error' }, 400), 'temporarily_unavailable', /answered 400/],
    [((response) => response.writeHead(503).end()) as Answer, 'temporarily_unavailable', /answered 503/],
  ])('that is a refusal is told as the provider’s (%#)', async (provider, code, message) => {
    const { auth, given } = await world({ provider })
    const error = await caught(auth().credential())
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
    expect(given()).toEqual([])
  })

  it('that refuses the ID token says whose it is', async () => {
    const { auth } = await world({ provider: said({ error: 'invalid_grant' }, 400) })
    const { code, hint } = await caught(auth().credential())
    expect([code, hint]).toEqual([
      'token_request_rejected',
      'Compare with what the service was told to trust: the token says iss "https://login.acme.example", sub "ada".',
    ])
  })

  it('may be right and of no use to a server that does not trust it', async () => {
    const { auth, idp } = await world({ token: said({ error: 'invalid_grant' }, 400) })
    const { code, hint } = await caught(auth().credential())
    expect(code).toBe('token_request_rejected')
    expect(hint).toBe(
      `Ask who runs the service whether it trusts ${new URL(idp.origin).host}, for this client and resource.`,
    )
  })
})

describe('a provider', () => {
  it('without metadata, or without a token endpoint, is told', async () => {
    const { auth, idp } = await world({ about: () => ({ token_endpoint: null }) })
    const told = await caught(auth().credential())
    expect(told).toMatchObject({
      code: 'discovery_failed',
      message: expect.stringContaining('has no "token_endpoint"'),
    })
    const lost = await caught(auth({}, { issuer: `${idp.origin}/nowhere` }).credential())
    expect(lost.message).toContain(`the authorization server metadata at ${idp.origin}/nowhere cannot be found.`)
  })

  it('that leads the ID token to another network is not followed', async () => {
    const { auth, asked } = await world({ about: () => ({ token_endpoint: 'http://10.0.0.8/token' }) })
    expect([(await caught(auth().credential())).code, asked()]).toEqual(['unsafe_address', []])
  })

  it.each([
    [{}],
    [{ issuer: 'http://login.acme.example' }],
    [{ tokenEndpoint: 'ftp://login.acme.example' }],
    [{ issuer: 'https://login.acme.example', tokenEndpoint: 'http://login.acme.example/token' }],
    [{ issuer: 5 }],
    [undefined],
  ])('that nobody can ask safely is no option: %j', async (identityProvider) => {
    const make = async () => enterpriseManaged({ idToken: 'e30.e30.x', identityProvider, clientId: 'a' } as never)
    expect(await caught(make())).toMatchObject({ code: 'invalid_option' })
  })

  it('gets no ID token that has ended, or is none', async () => {
    const { auth, asked } = await world()
    expect((await caught(auth({ idToken: idToken({ exp: 1 }) }).credential())).code).toBe('source_failed')
    expect((await caught(auth({ idToken: 'something' }).credential())).code).toBe('malformed_credential')
    expect((await caught(auth({}, { clientId: '' }).credential())).code).toBe('malformed_credential')
    expect(asked()).toEqual([])
    const make = async () => enterpriseManaged({ idToken: 5, clientId: 'a' } as never)
    expect((await caught(make())).code).toBe('invalid_option')
  })
})

describe('the authorization server of the sandbox', () => {
  it('takes what the provider gave', async () => {
    const sandbox = createSandbox({ pensyve: { workloadIdentity: [{ subject: 'repo:octo/agent:*' }] } })
    const issuer = 'https://mcp.pensyve.com'
    const { idp } = await world({
      // It trusts the sandbox's CI system, which plays the provider's part.
      provider: async (response, { body }) => {
        const audience = new URLSearchParams(body).get('audience') ?? ''
        return json(response, 200, { ...granted, access_token: await sandbox.ci.job().token({ audience }) })
      },
    })
    const service = defineService({
      ...{ id: 'acme', name: 'Acme', errors: [], recommendations: [], links: { docs: { where: 'Acme docs' } } },
      resources: { mcp: { url: `${issuer}/mcp`, protocol: 'mcp', accessToken: true } },
    } as Service)
    const credential = enterpriseManaged({
      idToken: idToken(),
      identityProvider: { tokenEndpoint: `${idp.origin}/token`, clientId: 'agent-at-login' },
      ...sandbox.clients.register('pensyve', {
        redirectUris: [],
        authMethod: 'client_secret_basic',
        grantTypes: [jwtBearer],
      }),
      issuer,
    })
    const runtime = {
      now: sandbox.clock.now,
      fetch: (input: string | URL | Request, init?: RequestInit) => {
        const request = new Request(input, init)
        return new URL(request.url).origin === idp.origin ? fetch(request) : sandbox.fetch(request)
      },
    }
    const auth = createAuth(service, { credential, runtime })
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
    expect((await auth.fetch(`${issuer}/mcp`, { method: 'POST', body, headers })).status).toBe(200)
    expect(sandbox.tokens.requests('pensyve', jwtBearer)).toBe(1)
  })
})
