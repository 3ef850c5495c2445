import { asm, type BrokenSite, gone, page, prm, withHeaders, withRoute } from './broken-site.ts'

const server: BrokenSite[] = [
  {
    name: 'has no server metadata',
    flaws: withRoute(asm, gone),
    found: ['error server.found', 'error client.signs_in'],
  },
  {
    name: 'has no metadata at all, and the endpoints of the first revision',
    flaws: { challenge: 'Bearer', routes: { [prm]: () => gone, [asm]: () => gone } },
    found: [
      'warning challenge.resource_metadata',
      'info challenge.scope',
      'error resource.found',
      'error server.found',
      'error client.signs_in',
    ],
    says: /--legacy-endpoints/,
  },
  {
    name: 'has an issuer with a path, and metadata at the root',
    flaws: (origin) => ({ resource: { authorization_servers: [`${origin}/tenant`] } }),
    found: ['error server.found', 'error client.signs_in'],
    says: /where no client looks/,
  },
  {
    name: 'has OpenID Connect discovery alone',
    flaws: (origin) => ({
      server: { issuer: origin },
      routes: { [asm]: () => gone, 'GET /.well-known/openid-configuration': () => ({ body: openId(origin) }) },
    }),
    found: ['info server.standard_place', 'info server.cimd', 'info server.revocation', 'info server.device'],
  },
  {
    name: 'has metadata that is no JSON',
    flaws: withRoute(asm, page(200)),
    found: ['error server.json', 'error client.signs_in'],
  },
  {
    name: 'says that its metadata is text',
    flaws: withHeaders(asm, { 'content-type': 'text/plain' }),
    found: ['error server.type'],
  },
  {
    name: 'has another issuer',
    flaws: (origin) => ({ server: { issuer: `${origin}/` } }),
    found: ['error server.issuer', 'error client.signs_in'],
  },
  {
    name: 'has no authorization endpoint',
    flaws: { server: { authorization_endpoint: undefined } },
    found: ['error server.authorization_endpoint', 'error client.signs_in'],
  },
  {
    name: 'decides for the client',
    flaws: (origin) => ({ server: { authorization_endpoint: `${origin}/authorize?scope=all` } }),
    found: ['error server.authorization_query', 'error client.signs_in'],
  },
  {
    name: 'has no token endpoint',
    flaws: { server: { token_endpoint: undefined } },
    found: ['error server.token_endpoint', 'error client.signs_in'],
  },
  {
    name: 'has endpoints by plain http',
    flaws: { server: { token_endpoint: 'http://auth.example/token', jwks_uri: 'https://192.168.0.1/keys' } },
    found: ['error server.endpoints', 'error client.signs_in'],
    says: /token_endpoint is plain http; jwks_uri is in a private network/,
  },
  {
    name: 'says nothing of PKCE',
    flaws: { server: { code_challenge_methods_supported: undefined } },
    found: ['error server.pkce', 'error client.signs_in'],
  },
  {
    name: 'offers plain PKCE',
    flaws: { server: { code_challenge_methods_supported: ['S256', 'plain'] } },
    found: ['warning server.pkce_plain'],
  },
  {
    name: 'offers no code',
    flaws: { server: { response_types_supported: ['token'] } },
    found: ['error server.response_type'],
  },
  {
    name: 'offers no grant for a code',
    flaws: { server: { grant_types_supported: ['client_credentials', 'refresh_token'] } },
    found: ['error server.grant_code'],
  },
  {
    name: 'offers no renewal',
    flaws: { server: { grant_types_supported: ['authorization_code'] } },
    found: ['warning server.grant_refresh'],
  },
  {
    name: 'offers old grants',
    flaws: { server: { grant_types_supported: ['authorization_code', 'refresh_token', 'password'] } },
    found: ['warning server.old_grants'],
  },
  {
    name: 'takes only clients with a secret',
    flaws: { server: { token_endpoint_auth_methods_supported: undefined } },
    found: ['warning server.public_clients'],
  },
  {
    name: 'takes only clients made by hand',
    flaws: { server: { registration_endpoint: undefined, client_id_metadata_document_supported: false } },
    found: ['warning server.registration', 'info server.cimd', 'warning client.signs_in'],
    says: /--client-id/,
  },
  {
    name: 'does not say who it is',
    flaws: { server: { authorization_response_iss_parameter_supported: undefined } },
    found: ['warning server.iss'],
  },
  {
    name: 'wants pushed requests nowhere',
    flaws: { server: { require_pushed_authorization_requests: true } },
    found: ['error server.pushed', 'error client.signs_in'],
  },
  { name: 'revokes nothing', flaws: { server: { revocation_endpoint: undefined } }, found: ['info server.revocation'] },
  {
    name: 'signs in no devices',
    flaws: { server: { device_authorization_endpoint: undefined } },
    found: ['info server.device'],
  },
  { name: 'refuses with a page', flaws: withRoute('POST /token', page(200)), found: ['error server.token_error'] },
]

const pages: BrokenSite[] = [
  {
    name: 'is for programs alone',
    flaws: { headers: { 'access-control-allow-origin': '' } },
    found: [
      'warning pages.preflight',
      'warning pages.answer',
      'warning pages.resource_metadata',
      'warning pages.server_metadata',
      'warning pages.registration',
      'warning pages.token',
    ],
  },
  {
    name: 'asks for a token in a preflight',
    flaws: withRoute('OPTIONS /mcp', { status: 401 }),
    found: ['warning pages.preflight'],
    says: /answered with 401/,
  },
  {
    name: 'lets no page send a token',
    flaws: withHeaders('OPTIONS /mcp', { 'access-control-allow-headers': '*' }),
    found: ['warning pages.preflight'],
    says: /Not allowed: authorization/,
  },
  {
    name: 'shows pages nothing of it',
    flaws: withHeaders('POST /mcp', { 'access-control-expose-headers': '' }),
    found: ['warning pages.challenge', 'info pages.session'],
  },
  {
    name: 'takes cookies from any page',
    flaws: withHeaders('POST /mcp', {
      'access-control-allow-origin': 'http://localhost:6274',
      'access-control-allow-credentials': 'true',
    }),
    found: ['warning pages.cookies'],
  },
]

const openId = (origin: string) => ({
  issuer: origin,
  authorization_endpoint: `${origin}/authorize`,
  token_endpoint: `${origin}/token`,
  registration_endpoint: `${origin}/register`,
  response_types_supported: ['code'],
  grant_types_supported: ['authorization_code', 'refresh_token'],
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['none'],
  authorization_response_iss_parameter_supported: true,
})

export const brokenServers: readonly BrokenSite[] = [...server, ...pages]
