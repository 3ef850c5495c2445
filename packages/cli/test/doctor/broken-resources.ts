import {
  always,
  type BrokenSite,
  gone,
  mcp,
  metadata,
  page,
  prm,
  withBody,
  withHeaders,
  withRoute,
} from './broken-site.ts'

const reach: BrokenSite[] = [
  {
    name: 'leads elsewhere',
    flaws: mcp(always, { status: 308, headers: { location: '/mcp/' } }),
    found: ['warning reach.redirect', 'error challenge.status'],
  },
  { name: 'is at another path', flaws: mcp(always, gone), found: ['error reach.endpoint'] },
  { name: 'takes no POST', flaws: mcp(always, { status: 405 }), found: ['error reach.endpoint'] },
]

const challenge: BrokenSite[] = [
  { name: 'lets everybody in', flaws: mcp(always, { body: {} }), found: ['warning challenge.open'] },
  { name: 'forbids', flaws: mcp(always, { status: 403, body: {} }), found: ['error challenge.status'] },
  { name: 'breaks', flaws: mcp(always, page(500)), found: ['error challenge.status'] },
  {
    name: 'sends programs to a login page',
    flaws: mcp(always, { status: 302, headers: { location: 'https://login.example/sign-in?next=1' } }),
    found: ['warning reach.redirect', 'error challenge.status'],
  },
  {
    name: 'has no challenge',
    flaws: withHeaders('POST /mcp', { 'www-authenticate': '' }),
    found: ['error challenge.header', 'warning challenge.invalid_token'],
  },
  {
    name: 'has a URL without quotes',
    flaws: (origin) => ({ challenge: `Bearer ${metadata(origin).replaceAll('"', '')}, scope="mcp"` }),
    found: ['warning challenge.syntax'],
  },
  {
    name: 'has no comma',
    flaws: (origin) => ({ challenge: `Bearer scope="mcp" ${metadata(origin)}` }),
    found: ['warning challenge.syntax'],
  },
  {
    name: 'has a quote that is not closed',
    flaws: (origin) => ({ challenge: `Bearer ${metadata(origin)}, scope="mcp", realm="a` }),
    found: ['warning challenge.syntax', 'warning challenge.invalid_token'],
  },
  {
    name: 'says a thing twice',
    flaws: (origin) => ({ challenge: `Bearer ${metadata(origin)}, scope="mcp", scope="b"` }),
    found: ['warning challenge.syntax', 'info challenge.scope'],
  },
  {
    name: 'has a challenge that cannot be read',
    flaws: { challenge: '="' },
    found: ['warning challenge.syntax', 'error challenge.bearer', 'warning challenge.invalid_token'],
  },
  { name: 'asks for a password', flaws: { challenge: 'Basic realm="a"' }, found: ['error challenge.bearer'] },
  {
    name: 'names no metadata',
    flaws: { challenge: 'Bearer scope="mcp"' },
    found: ['warning challenge.resource_metadata'],
  },
  {
    name: 'names no scope',
    flaws: (origin) => ({ challenge: `Bearer ${metadata(origin)}` }),
    found: ['info challenge.scope'],
  },
  {
    name: 'has an error where nothing was brought',
    flaws: (origin) => ({ challenge: `Bearer ${metadata(origin)}, scope="mcp", error="invalid_token"` }),
    found: ['info challenge.error'],
  },
  {
    name: 'forbids a bad token',
    flaws: mcp((authorization) => /no-such/.test(authorization ?? ''), { status: 403 }),
    found: ['error challenge.invalid_status'],
  },
  {
    name: 'does not say that a bad token is bad',
    flaws: (origin) =>
      mcp((authorization) => /no-such/.test(authorization ?? ''), {
        status: 401,
        headers: { 'www-authenticate': `Bearer ${metadata(origin)}` },
      }),
    found: ['warning challenge.invalid_token'],
  },
]

const resource: BrokenSite[] = [
  {
    name: 'has no resource metadata',
    flaws: withRoute(prm, gone),
    found: ['error resource.told_place', 'error resource.found'],
  },
  {
    name: 'names metadata that is not there',
    flaws: (origin) => ({ challenge: `Bearer resource_metadata="${origin}/meta", scope="mcp"` }),
    found: ['error resource.told_place'],
  },
  {
    name: 'names metadata in a private network',
    flaws: { challenge: 'Bearer resource_metadata="https://10.0.0.1/meta", scope="mcp"' },
    found: ['error resource.told_place', 'error client.signs_in'],
  },
  {
    name: 'has metadata only where the challenge says',
    flaws: (origin) => ({
      challenge: `Bearer resource_metadata="${origin}/meta", scope="mcp"`,
      routes: {
        'GET /meta': () => ({
          body: { resource: `${origin}/mcp`, authorization_servers: [origin], scopes_supported: ['mcp'] },
        }),
        [prm]: () => gone,
      },
    }),
    found: ['info resource.path_place'],
  },
  {
    name: 'answers every path with its start page',
    flaws: withRoute(prm, page(200)),
    found: ['error resource.told_place', 'error resource.json'],
  },
  {
    name: 'answers a list',
    flaws: withRoute(prm, { body: [] }),
    found: ['error resource.told_place', 'error resource.json', 'error client.signs_in'],
  },
  {
    name: 'answers too much',
    flaws: withBody(prm, (body) => ({ ...body, more: 'a'.repeat(300_000) })),
    found: ['error resource.told_place', 'error resource.json', 'error client.signs_in'],
  },
  {
    name: 'says that JSON is text',
    flaws: withHeaders(prm, { 'content-type': 'text/plain' }),
    found: ['error resource.type'],
  },
  {
    name: 'is about nothing',
    flaws: { resource: { resource: undefined } },
    found: ['error resource.identifier', 'error client.signs_in'],
  },
  {
    name: 'is about another host',
    flaws: { resource: { resource: 'https://mcp.example/mcp' } },
    found: ['error resource.identifier', 'error client.signs_in'],
  },
  {
    name: 'has a slash too much',
    flaws: (origin) => ({ resource: { resource: `${origin}/mcp/` } }),
    found: ['error resource.identifier', 'error client.signs_in'],
  },
  {
    name: 'has other case',
    flaws: (origin) => ({ resource: { resource: `${origin}/MCP` } }),
    found: ['error resource.identifier', 'error client.signs_in'],
  },
  {
    name: 'has another port',
    flaws: { resource: { resource: 'http://127.0.0.1:1/mcp' } },
    found: ['error resource.identifier', 'error client.signs_in'],
  },
  {
    name: 'is about the whole host',
    flaws: (origin) => ({ resource: { resource: origin } }),
    found: ['warning resource.exact'],
  },
  {
    name: 'names no authorization server',
    flaws: { resource: { authorization_servers: [] } },
    found: ['error resource.servers', 'error client.signs_in'],
  },
  {
    name: 'names issuers by plain http',
    flaws: { resource: { authorization_servers: ['http://auth.example'] } },
    found: ['error resource.issuers', 'error client.signs_in'],
  },
  {
    name: 'names several',
    flaws: (origin) => ({ resource: { authorization_servers: [origin, 'https://auth.example'] } }),
    found: ['info resource.several'],
  },
  {
    name: 'wants tokens in the body',
    flaws: { resource: { bearer_methods_supported: ['body'] } },
    found: ['error resource.header'],
  },
  { name: 'lists no scopes', flaws: { resource: { scopes_supported: undefined } }, found: ['info resource.scopes'] },
  {
    name: 'asks for offline access',
    flaws: { resource: { scopes_supported: ['mcp', 'offline_access'] } },
    found: ['warning resource.offline_access'],
  },
]

export const brokenResources: readonly BrokenSite[] = [...reach, ...challenge, ...resource]
