import type { ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import {
  apiKey,
  createAuth,
  createSecret,
  finishSignIn,
  memoryStore,
  relocate,
  signedIn,
  signOut,
  startSignIn,
} from '@pentauth/core'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { type McpServiceOptions, mcpService, pentauthErrorIn } from '../src/index.ts'
import { both, connect } from './support/clients.ts'
import { type Seen, serve } from './support/server.ts'
import { redirectUri, smallWorld } from './support/small-world.ts'

// Any MCP server by its address, and what is said about one that is no data of a definition.

const atServer = testKey.token('the gateway of the server')
const atHome = testKey.token('the gateway of the authorization server')
const gateways = {
  service: ({ server, home }: { server: string; home: string }): McpServiceOptions => ({
    client: { name: 'Test' },
    headers: { [server]: { 'CF-Access-Client-Secret': atServer }, [home]: { 'cf-access-client-secret': atHome } },
  }),
}
const sent = (seen: readonly Seen[]) => [...new Set(seen.map(({ headers }) => headers.get('cf-access-client-secret')))]

describe.each(both)('%s: headers of gateways', (kind) => {
  it('are on every request to their origin, from the first to the revocation, and on no other', async () => {
    const world = await smallWorld(gateways)
    await world.signIn()
    const client = await connect(kind, world.auth())
    world.issuer.valid.clear()
    await client.listTools()
    await signOut(world.service, world.shared)
    expect(sent(world.server.seen).map((one) => one === atServer)).toEqual([true])
    expect(sent(world.home.seen).map((one) => one === atHome)).toEqual([true])
    expect(new Set(world.home.seen.map(({ path }) => path))).toEqual(
      new Set(['/.well-known/oauth-authorization-server', '/register', '/token', '/revoke']),
    )
  })

  it('go along on no redirect to another origin, and are there on one to their own', async () => {
    const other = await serve((_, response) => response.end('{}'))
    const world = await smallWorld({
      ...gateways,
      // On this machine: the authorization server is another origin, and a third one is nobody's.
      admit: ({ path }) => path === '/mcp/there',
      guard: ({ path }) =>
        path === '/mcp/away'
          ? { status: 307, headers: { location: `${other.origin}/there` } }
          : path === '/mcp/home'
            ? { status: 307, headers: { location: world.home.origin } }
            : path === '/mcp/here'
              ? { status: 307, headers: { location: '/mcp/there' } }
              : undefined,
    })
    await world.signIn()
    await connect(kind, world.auth())
    for (const path of ['away', 'home', 'here']) await world.auth().fetch(`${world.url}/${path}`)
    expect(sent(other.seen)).toEqual([null])
    expect(other.seen[0]?.headers.has('authorization')).toBe(false)
    expect(sent(world.home.seen).map((one) => one === atHome)).toEqual([true])
    expect(sent(world.server.at('/mcp/there')).map((one) => one === atServer)).toEqual([true])
  })

  it('an endpoint that redirects is not followed with them', async () => {
    const other = await serve((_, response) => response.end('{}'))
    const world = await smallWorld(gateways)
    await world.signIn()
    const client = await connect(kind, world.auth())
    world.issuer.valid.clear()
    for (let count = 0; count < 5; count++)
      world.issuer.instead.push((response) => response.writeHead(307, { location: other.origin }).end())
    expect(pentauthErrorIn(await caught(client.listTools()))).toBeDefined()
    expect(other.seen).toEqual([])
  })
})

describe('what is said about a server', () => {
  const client = {
    clientId: 'client-0',
    clientSecret: testKey.token('client secret'),
    issuer: 'https://auth.acme.example',
  }
  const headers = { 'https://mcp.acme.example': { 'CF-Access-Client-Secret': atServer } }
  const acme = mcpService('https://mcp.acme.example/mcp', { client, headers })

  it('prints nowhere', async () => {
    const events: unknown[] = []
    const fetch = () => Promise.reject(new TypeError(`refused ${atServer}`.slice(0, 7)))
    const options = { runtime: { fetch }, onEvent: (event: unknown) => void events.push(event) }
    const auth = createAuth(acme, { credential: { name: 'none', get: () => ({ absent: 'none' }) }, ...options })
    const error = await caught(auth.credential())
    for (const one of [acme, auth, events, error, { ...acme }]) {
      expectNoMarker(one)
      expectNoMarker(inspect(one, { showHidden: true, depth: 9 }))
      expectNoMarker(JSON.stringify(one))
    }
  })

  it('is no part of a copy, and moves with the service', async () => {
    const seen: (string | null)[] = []
    const fetch = async (_: unknown, init?: RequestInit) => {
      seen.push(new Headers(init?.headers).get('cf-access-client-secret'))
      return new Response('{}')
    }
    const credential = { name: 'test', get: () => ({ kind: 'access-token', source: 'test', secret }) as const }
    const secret = createSecret(testKey.token())
    const moved = relocate(acme, { 'https://mcp.acme.example': 'https://mcp.staging.example' })
    for (const service of [acme, moved, structuredClone(acme), { ...acme }])
      await createAuth(service, { credential, runtime: { fetch } }).fetch(service.resources.mcp.url)
    expect(seen.map((one) => one === atServer)).toEqual([true, true, false, false])
    // Not where it was before.
    expect(moved.resources.mcp.url).toBe('https://mcp.staging.example/mcp')
    const { url } = acme.resources.mcp
    expect(await caught(createAuth(moved, { credential, runtime: { fetch } }).fetch(url))).toMatchObject({
      code: 'url_not_covered',
    })
  })

  it('has the client of sign-ins that name none, and of no other', async () => {
    const world = await smallWorld({ service: ({ home }) => ({ client: { clientId: 'client-0', issuer: home } }) })
    const page = async (given: object = {}) =>
      (await startSignIn(world.service, { ...world.shared, redirectUri, ...given })).url
    expect((await page()).searchParams.get('client_id')).toBe('client-0')
    expect(world.home.at('/register')).toEqual([])
    expect((await page({ client: { name: 'Other' } })).searchParams.get('client_id')).toMatch(/^issuer-client-/)
  })

  it('asks nothing of anybody before it is used', async () => {
    const world = await smallWorld(gateways)
    world.auth()
    expect([world.server.seen, world.home.seen]).toEqual([[], []])
  })
})

describe('a server of the first revision, without any metadata', () => {
  const world = () => smallWorld({ together: true, service: { legacyEndpoints: true, client: { name: 'Test' } } })

  it('is signed in to at its own endpoints', async () => {
    const small = await world()
    small.issuer.metadata = () => ({ issuer: undefined })
    const hidden = '/.well-known/oauth-authorization-server'
    small.hide.add(hidden)
    const { url } = await startSignIn(small.service, {
      ...small.shared,
      redirectUri,
      dangerouslyAllowMissingPkceMetadata: true,
    })
    expect(url.href.split('?')[0]).toBe(`${small.server.origin}/authorize`)
    await finishSignIn(small.service, small.issuer.approve(url), small.shared)
    const client = await connect('v1', small.auth())
    expect((await client.listTools()).tools).toHaveLength(1)
    expect(small.server.at('/register')).toHaveLength(1)
  })

  it('is not guessed at without that option', async () => {
    const small = await smallWorld({ together: true })
    small.hide.add('/.well-known/oauth-authorization-server')
    const error = await caught(startSignIn(small.service, { ...small.shared, redirectUri }))
    expect(error).toMatchObject({ code: 'discovery_failed' })
    expect(small.server.at('/register')).toEqual([])
  })
})

describe('an address', () => {
  it.each([
    ['HTTPS://MCP.acme.example:443/mcp', 'https://mcp.acme.example/mcp'],
    ['https://mcp.acme.example', 'https://mcp.acme.example'],
    ['https://mcp.acme.example/', 'https://mcp.acme.example/'],
    [' https://mcp.acme.example/a/../mcp ', 'https://mcp.acme.example/mcp'],
  ])('%s is written as the standard has it', (given, url) => {
    expect(mcpService(given).resources.mcp.url).toBe(url)
  })

  it('with a query is asked with it, and its tokens are for it', async () => {
    const world = await smallWorld()
    const service = mcpService(`${world.url}?project=a`, { client: { name: 'Test' } })
    const { url } = await startSignIn(service, { ...world.shared, redirectUri })
    await finishSignIn(service, world.issuer.approve(url), world.shared)
    const auth = createAuth(service, { ...world.shared, credential: signedIn(world.shared) })
    const client = await connect('v2', auth)
    expect((await client.listTools()).tools).toHaveLength(1)
    expect(world.server.at('/mcp').every(({ query }) => query.get('project') === 'a')).toBe(true)
  })

  it.each(['https://user:pw@mcp.acme.example/mcp', 'https://mcp.acme.example/mcp#a', 'mcp.acme.example', ''])(
    '%s is refused',
    (given) => {
      expect(() => mcpService(given)).toThrow(expect.objectContaining({ code: 'invalid_service' }))
    },
  )

  it('of a variable that is none is refused', () => {
    const env = testKey.token('instead of a name')
    expect(() => mcpService('https://mcp.acme.example', { apiKey: { env } })).toThrow(
      expect.objectContaining({ code: 'invalid_service' }),
    )
  })
})

describe('an authorization server unlike others', () => {
  const bodies = ({ home }: Awaited<ReturnType<typeof smallWorld>>) =>
    home.at('/token').map(({ body }) => new URLSearchParams(body))

  it('gets no resource, and the scope with each renewal, where it wants that', async () => {
    const world = await smallWorld({ service: { omitResourceParameter: true, scopeOnRefresh: true } })
    const { url } = await startSignIn(world.service, { ...world.shared, redirectUri, scope: 'tools' })
    expect(url.searchParams.has('resource')).toBe(false)
    await finishSignIn(world.service, world.issuer.approve(url), world.shared)
    world.clock.now += 3_600_000
    await world.auth().credential(world.url)
    expect(bodies(world).map((body) => [body.get('grant_type'), body.has('resource'), body.get('scope')])).toEqual([
      ['authorization_code', false, null],
      ['refresh_token', false, 'tools'],
    ])
  })

  it('gets the resource, and no scope with a renewal, unless it is said to want that', async () => {
    const world = await smallWorld()
    await world.signIn({ scope: 'tools' })
    world.clock.now += 3_600_000
    await world.auth().credential(world.url)
    expect(bodies(world).map((body) => [body.get('resource'), body.get('scope')])).toEqual([
      [world.url, null],
      [world.url, null],
    ])
  })
})

describe.each(both)('%s: an address at which there is no MCP server', (kind) => {
  const page = '<!doctype html><title>Acme</title>'
  it.each([
    ['a page', (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/html' }).end(page)],
    ['nothing', (response: ServerResponse) => response.writeHead(404).end()],
  ])('%s: the SDK says so, and there is nobody to sign in at', async (_, answer) => {
    const { origin, seen } = await serve((__, response) => answer(response))
    const service = mcpService(`${origin}/mcp`, { apiKey: { env: 'ACME_API_KEY' } })
    const auth = createAuth(service, { credential: apiKey(testKey.token()) })
    const error = await caught(connect(kind, auth))
    expect(pentauthErrorIn(error)).toBeUndefined()
    expect(seen.filter(({ path }) => path !== '/mcp')).toEqual([])
    const options = { store: memoryStore(), redirectUri }
    expect((await caught(startSignIn(service, options))).code).toBe('discovery_failed')
    expect(new Set(seen.map(({ method }) => method))).toEqual(new Set(['POST', 'GET']))
    expect(seen.filter(({ path }) => /register|token/.test(path))).toEqual([])
  })
})

describe('what cannot be meant', () => {
  it.each(['', 'acme', 'ftp://acme.example/mcp', 'http://acme.example/mcp', 'https://u:p@acme.example/mcp'])(
    'the address %j',
    async (url) => {
      expect((await caught(() => mcpService(url))).code).toBe('invalid_service')
    },
  )

  it.each<[string, McpServiceOptions['headers']]>([
    ['no origin', { 'https://acme.example/mcp': { a: 'b' } }],
    ['a name', { acme: { a: 'b' } }],
    ['a credential', { 'https://acme.example': { Authorization: 'Bearer x' } }],
    ['a key', { 'https://acme.example': { 'X-API-Key': 'x' } }],
    ['a line break', { 'https://acme.example': { a: `b\n${atServer}` } }],
    ['no header', { 'https://acme.example': { 'a b': 'c' } }],
  ])('headers with %s', async (_, headers) => {
    const error = await caught(() => mcpService('https://acme.example/mcp', { headers }))
    expect(error.code).toBe('invalid_option')
  })

  it.each(['https://other.example/messages', 'http://[', 'ftp://acme.example/x'])(
    'messages at %s',
    async (messages) => {
      expect((await caught(() => mcpService('https://acme.example/sse', { messages }))).code).toBe('invalid_option')
    },
  )

  it('messages of the older transport are beside its stream, or where it is said', () => {
    const at = (options?: McpServiceOptions) =>
      Object.values<{ url: string; audience?: string }>(mcpService('https://acme.example/a/sse', options).resources)[1]
    expect(at()).toMatchObject({ url: 'https://acme.example/a/messages', audience: 'https://acme.example/a/sse' })
    expect(at({ messages: '/post' })).toMatchObject({ url: 'https://acme.example/post' })
    expect(Object.keys(mcpService('https://acme.example/mcp').resources)).toEqual(['mcp'])
  })
})
