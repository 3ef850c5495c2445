import { describe, expect, it } from 'vitest'
import { discoveryCache } from '../src/discovered.ts'
import { discover } from '../src/discovery.ts'
import type { OAuthRules, PentauthError } from '../src/index.ts'
import {
  acmeAt,
  flowAt,
  flowFor,
  openidPath,
  pathsOf,
  type Routes,
  resourceDocument,
  resourcePath,
  serverDocument,
  serverPath,
  site,
} from './support/discovery.ts'
import { type Answer, json, type TestServer } from './support/server.ts'

const failure = (work: Promise<unknown>): Promise<PentauthError> =>
  work.then(
    (value) => {
      throw new TypeError(`no error but ${JSON.stringify(value)}`)
    },
    (error) => error,
  )
const whole = (origin: string): Routes => ({
  [`${resourcePath}/mcp`]: resourceDocument(origin, { scopes_supported: ['mcp', 'a b', 'mcp:read'] }),
  [serverPath]: serverDocument(origin),
})
const oauth = (origin: string, more: Partial<OAuthRules> = {}): { oauth: OAuthRules } => ({
  oauth: {
    issuer: origin,
    authorizationEndpoint: `${origin}/documented/authorize`,
    tokenEndpoint: `${origin}/documented/token`,
    grants: ['authorization_code', 'refresh_token'],
    tokenEndpointAuthMethod: 'none',
    ...more,
  },
})

describe('discover', () => {
  it('finds the server, the resource and its scopes in two requests without a credential', async () => {
    const server = await site(whole)
    const flow = flowAt(server.origin)
    const { server: found, ...rest } = await discover(flow)
    expect(rest).toEqual({ resource: `${server.origin}/mcp`, scopes: ['mcp', 'mcp:read'], source: 'metadata' })
    expect({ ...found }).toEqual(serverDocument(server.origin))
    expect(pathsOf(server)).toEqual([`${resourcePath}/mcp`, serverPath])
    expect(flow.events.map(({ type }) => type)).toEqual([
      'request_sent',
      'request_ended',
      'request_sent',
      'request_ended',
      'server_discovered',
    ])
  })

  it('asks the places of resource metadata in order, and goes on after any 4xx and after pages', async () => {
    const page: Answer = (response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome</html>')
    for (const absent of [404, 410, 401, 403, 400, page]) {
      const server = await site((origin) => ({
        '/told': absent,
        [`${resourcePath}/mcp`]: absent,
        [resourcePath]: resourceDocument(origin),
        [serverPath]: serverDocument(origin),
      }))
      const challenge = { scheme: 'bearer', parameters: { resource_metadata: `${server.origin}/told` } }
      await discover(flowAt(server.origin), { challenge })
      expect(pathsOf(server)).toEqual(['/told', `${resourcePath}/mcp`, resourcePath, serverPath])
    }
  })

  it('believes the challenge first', async () => {
    const server = await site((origin) => ({ '/told': resourceDocument(origin), [serverPath]: serverDocument(origin) }))
    const challenge = { scheme: 'bearer', parameters: { resource_metadata: `${server.origin}/told` } }
    await discover(flowAt(server.origin), { challenge })
    expect(pathsOf(server)).toEqual(['/told', serverPath])
  })

  it('asks the places of server metadata in order: three below a path, else two', async () => {
    const tenant = await site((origin) => ({
      [resourcePath]: resourceDocument(origin, { authorization_servers: [`${origin}/t1`] }),
      [`/t1${openidPath}`]: serverDocument(`${origin}/t1`),
    }))
    await discover(flowAt(tenant.origin))
    expect(pathsOf(tenant).slice(2)).toEqual([`${serverPath}/t1`, `${openidPath}/t1`, `/t1${openidPath}`])
    const root = await site((origin) => ({
      [resourcePath]: resourceDocument(origin),
      [openidPath]: serverDocument(origin),
    }))
    await discover(flowAt(root.origin))
    expect(pathsOf(root).slice(2)).toEqual([serverPath, openidPath])
  })

  it('takes one document for several resources of a host, on a path boundary, and says its value', async () => {
    for (const [path, isTaken] of [
      ['', true],
      ['/', true],
      ['/mcp', true],
      ['/mcp/', false],
      ['/mc', false],
      ['/mcp/x', false],
      ['/?x', false],
    ] as const) {
      const server = await site((origin) => ({
        ...whole(origin),
        [`${resourcePath}/mcp`]: resourceDocument(origin, { resource: origin + path }),
      }))
      const found = discover(flowAt(server.origin))
      if (isTaken) expect((await found).resource).toBe(server.origin + path)
      else expect((await failure(found)).message).toContain('is about another resource')
    }
  })

  it('uses the audience of a resource that has one', async () => {
    const server = await site((origin) => ({
      [`${resourcePath}/token/of`]: resourceDocument(origin, { resource: `${origin}/token/of` }),
      [serverPath]: serverDocument(origin),
    }))
    const url = `${server.origin}/mcp`
    const resources = {
      mcp: { url, protocol: 'mcp', accessToken: true, audience: `${server.origin}/token/of` },
    } as const
    expect((await discover(flowFor(acmeAt(url, { resources })))).resource).toBe(`${server.origin}/token/of`)
  })
})

describe('without metadata', () => {
  it('uses what the definition documents, and says so', async () => {
    const server = await site(() => ({}))
    const found = await discover(flowAt(server.origin, {}, oauth(server.origin)))
    expect(found.source).toBe('documented')
    expect(found.resource).toBe(`${server.origin}/mcp`)
    expect({ ...found.server }).toEqual({
      issuer: server.origin,
      authorization_endpoint: `${server.origin}/documented/authorize`,
      token_endpoint: `${server.origin}/documented/token`,
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['none'],
      code_challenge_methods_supported: ['S256'],
    })
    expect(pathsOf(server)).toEqual([`${resourcePath}/mcp`, resourcePath, serverPath, openidPath])
  })

  it('prefers the metadata of the documented server, also at the documented place', async () => {
    const server = await site((origin) => ({ '/api/discovery': serverDocument(origin) }))
    const documented = oauth(server.origin, { authorizationServerMetadata: `${server.origin}/api/discovery` })
    const found = await discover(flowAt(server.origin, {}, documented))
    expect(found.source).toBe('metadata')
    expect(pathsOf(server).at(-1)).toBe('/api/discovery')
  })

  it.each([500, 502, 503, 429, 408])('never after %i, wherever it is said', async (status) => {
    const places = [`${resourcePath}/mcp`, resourcePath, serverPath, openidPath]
    for (const place of places) {
      const server = await site(() => ({
        [place]: (response: Parameters<typeof json>[0]) => json(response, status, {}, { 'retry-after': '7' }),
      }))
      const error = await failure(discover(flowAt(server.origin, {}, oauth(server.origin))))
      expect(error).toMatchObject({ code: 'temporarily_unavailable', status, retryable: true, retryAfter: 7 })
      expect(pathsOf(server)).toEqual(places.slice(0, places.indexOf(place) + 1))
    }
  })

  it('never after a redirect, which is not followed', async () => {
    for (const place of [resourcePath, serverPath]) {
      const server = await site(() => ({
        [place]: (response) => response.writeHead(302, { location: '/moved' }).end(),
      }))
      const error = await failure(discover(flowAt(server.origin, {}, oauth(server.origin))))
      expect(error).toMatchObject({ code: 'discovery_failed', message: expect.stringContaining('answered 302') })
    }
  })

  it('never when nobody answers', async () => {
    const server = await site((origin) => ({
      [resourcePath]: resourceDocument(origin, { authorization_servers: ['http://127.0.0.1:1'] }),
    }))
    const error = await failure(discover(flowAt(server.origin, {}, oauth('http://127.0.0.1:1'))))
    expect(error).toMatchObject({ code: 'temporarily_unavailable', retryable: true })
  })

  it('never where the resource names other servers, or its definition no endpoints', async () => {
    const other = await site(() => ({}))
    const server = await site((origin) => ({
      [resourcePath]: resourceDocument(origin, { authorization_servers: [other.origin] }),
    }))
    const unknown = 'no authorization server is known'
    expect((await failure(discover(flowAt(server.origin, {}, oauth(server.origin))))).message).toContain(unknown)
    const { issuer, ...nameless } = oauth(server.origin).oauth
    expect((await failure(discover(flowAt(server.origin, {}, { oauth: nameless })))).message).toContain(unknown)
    const bare = await site(() => ({}))
    expect((await failure(discover(flowAt(bare.origin)))).message).toContain(unknown)
    const { oauth: rules } = oauth(bare.origin)
    const { authorizationEndpoint, ...incomplete } = rules
    expect((await failure(discover(flowAt(bare.origin, {}, { oauth: incomplete })))).code).toBe('discovery_failed')
  })
})

describe('of several authorization servers', () => {
  const three = async (routes: (origin: string) => readonly [Routes, Routes, Routes]) => {
    const servers: TestServer[] = []
    for (const index of [0, 1, 2] as const) servers.push(await site((origin) => routes(origin)[index]))
    const names = servers.map(({ origin }) => origin)
    const resource = await site((origin) => ({
      [resourcePath]: resourceDocument(origin, { authorization_servers: names }),
    }))
    return { resource, names: names as [string, string, string] }
  }
  const good = (origin: string): Routes => ({ [serverPath]: serverDocument(origin) })

  it('takes the chosen one, else the definition’s, else the first that is usable', async () => {
    const { resource, names } = await three((origin) => [{}, good(origin), good(origin)])
    const issuerOf = async (more: object, options: object = {}) =>
      (await discover(flowAt(resource.origin, {}, more), options)).server.issuer
    expect(await issuerOf({})).toBe(names[1])
    expect(await issuerOf(oauth(names[2]))).toBe(names[2])
    expect(await issuerOf(oauth(names[2]), { issuer: names[1] })).toBe(names[1])
    const error = await failure(discover(flowAt(resource.origin), { issuer: 'https://elsewhere.example' }))
    expect(error.message).toContain('does not name the chosen authorization server')
  })

  it('passes over one that is unusable, and stops at one in trouble', async () => {
    const { resource, names } = await three((origin) => [
      { [serverPath]: serverDocument('https://x.example') },
      {},
      good(origin),
    ])
    expect((await discover(flowAt(resource.origin))).server.issuer).toBe(names[2])
    const down = await three((origin) => [{ [serverPath]: 503 }, good(origin), good(origin)])
    expect((await failure(discover(flowAt(down.resource.origin)))).code).toBe('temporarily_unavailable')
  })

  it('says what is wrong with the first when none is usable, after five', async () => {
    const other = await site(() => ({ [serverPath]: serverDocument('https://x.example') }))
    const many = Array.from({ length: 50 }, (_, index) => `${other.origin}/t${index}`)
    const resource = await site((origin) => ({
      [resourcePath]: resourceDocument(origin, { authorization_servers: [other.origin, ...many] }),
    }))
    expect((await failure(discover(flowAt(resource.origin)))).message).toContain('names another issuer')
    expect(pathsOf(other)).toHaveLength(1 + 4 * 3)
  })
})

describe('a server that nobody can sign in at safely', () => {
  const without = async (change: object, options: object = {}) => {
    const server = await site((origin) => ({ ...whole(origin), [serverPath]: serverDocument(origin, change) }))
    return discover(flowAt(server.origin), options)
  }
  it.each([
    ['no token endpoint', { token_endpoint: undefined }, 'has no "token_endpoint"'],
    ['no authorization endpoint', { authorization_endpoint: null }, 'has no "authorization_endpoint"'],
    ['no PKCE', { code_challenge_methods_supported: undefined }, 'does not say that the server checks PKCE by S256'],
    ['plain PKCE', { code_challenge_methods_supported: ['plain'] }, 'does not say that the server checks PKCE by S256'],
    ['an endpoint that decides', { authorization_endpoint: 'https://as.example/a?x=1&state=2' }, 'sets "state" in its'],
    ['a number', { token_endpoint: 5 }, 'has an unusable "token_endpoint"'],
    [
      'an endless text',
      { token_endpoint: `https://as.example/${'a'.repeat(3000)}` },
      'has an unusable "token_endpoint"',
    ],
  ])('has %s', async (_name, change, flaw) => {
    expect(await failure(without(change))).toMatchObject({
      code: 'discovery_failed',
      message: expect.stringContaining(flaw),
    })
  })

  it('may say nothing about PKCE where that was accepted by name, and may not deny it', async () => {
    const options = { dangerouslyAllowMissingPkceMetadata: true }
    expect((await without({ code_challenge_methods_supported: undefined }, options)).source).toBe('metadata')
    expect((await failure(without({ code_challenge_methods_supported: ['plain'] }, options))).code).toBe(
      'discovery_failed',
    )
  })

  it('has nothing that its document does not have, whatever has happened to Object.prototype', async () => {
    const evil = {
      registration_endpoint: 'https://evil.test/',
      issuer: 'https://evil.test',
      dangerouslyAllowMissingPkceMetadata: true,
    }
    const work = async (change: object) => {
      for (const [name, value] of Object.entries(evil)) {
        Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
      }
      try {
        return await without(change)
      } finally {
        for (const name of Object.keys(evil)) Reflect.deleteProperty(Object.prototype, name)
      }
    }
    expect((await work({ registration_endpoint: undefined })).server.registration_endpoint).toBe(undefined)
    expect((await failure(work({ code_challenge_methods_supported: undefined }))).code).toBe('discovery_failed')
  })

  it('may have a query of its own', async () => {
    const { server } = await without({ authorization_endpoint: 'https://as.example/a?tenant=1' })
    expect(server.authorization_endpoint).toBe('https://as.example/a?tenant=1')
  })
})

describe('the cache', () => {
  const clocked = async (control?: string) => {
    const answer = (document: object) => (response: Parameters<typeof json>[0]) =>
      json(response, 200, document, control === undefined ? {} : { 'cache-control': control })
    const server = await site((origin) => ({
      [resourcePath]: answer(resourceDocument(origin)),
      [serverPath]: answer(serverDocument(origin)),
    }))
    const clock = { now: 1_000_000 }
    const cache = discoveryCache()
    const flow = flowAt(server.origin, { now: () => clock.now })
    const asked = async (options: object = {}) => {
      const before = server.seen.length
      await discover(flow, { cache, ...options })
      return server.seen.length - before
    }
    return { clock, cache, flow, asked, server }
  }
  const minute = 60_000

  it.each([
    [undefined, 60],
    ['max-age=600', 10],
    ['public, MAX-AGE=1200', 20],
    ['max-age=0', 5],
    ['max-age=-1', 60],
    ['max-age=99999999999', 24 * 60],
    ['no-store', 5],
    ['max-age=oops', 60],
  ])('keeps what was found with %s for %i minutes', async (control, minutes) => {
    const { clock, asked } = await clocked(control)
    expect(await asked()).toBe(3)
    clock.now += minutes * minute - 1
    expect(await asked()).toBe(0)
    clock.now += 1
    expect(await asked()).toBe(3)
  })

  it('asks once for all who ask at once', async () => {
    const { asked, flow, cache, server } = await clocked()
    await Promise.all(Array.from({ length: 50 }, () => discover(flow, { cache })))
    expect(server.seen).toHaveLength(3)
    expect(await asked()).toBe(0)
  })

  it('forgets a resource, also while it is being asked for', async () => {
    const { asked, flow, cache } = await clocked()
    await asked()
    cache.forget(flow)
    expect(await asked()).toBe(3)
    cache.forget(flow)
    const before = discover(flow, { cache })
    cache.forget(flow)
    expect(await asked()).toBeGreaterThanOrEqual(3)
    await before
    expect(await asked()).toBe(0)
  })

  it('keeps choices apart, no failure, and nothing for longer because a clock was set back', async () => {
    const { clock, asked, flow, cache, server } = await clocked()
    await asked()
    expect(await asked({ issuer: server.origin })).toBe(3)
    clock.now -= minute
    expect(await asked()).toBe(3)
    expect((await failure(discover(flow, { cache, issuer: 'https://no.example' }))).code).toBe('discovery_failed')
    expect((await failure(discover(flow, { cache, issuer: 'https://no.example' }))).code).toBe('discovery_failed')
    expect(server.seen.length).toBe(9 + 4)
  })
})
