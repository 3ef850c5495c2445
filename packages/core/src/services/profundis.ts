import { frozenService } from '../frozen-service.ts'
import type { Service } from '../service.ts'

/** Profundis: MCP with an API key or an access token as Bearer; REST (found, not on the page) with the key in `x-api-key`. */
export const profundis: Service<'mcp' | 'rest'> = /* @__PURE__ */ frozenService({
  id: 'profundis',
  name: 'Profundis',
  resources: {
    mcp: {
      url: 'https://mcp.profundis.io',
      protocol: 'mcp',
      apiKey: ['authorization'],
      accessToken: true,
    },
    rest: {
      // Found in two public clients; the page covers MCP only.
      url: 'https://api.profundis.io/api/v2/common/data',
      protocol: 'rest',
      apiKey: ['x-api-key'],
      // Assumed: the MCP server forwards its Bearer credential to this API.
      accessToken: true,
      audience: 'https://mcp.profundis.io',
      // Found: both clients ask for the stream of lines.
      headers: { accept: 'text/event-stream' },
      operations: [{ name: 'subdomains', method: 'POST', path: '/subdomains' }],
    },
  },
  apiKey: {
    // No prefix is documented. Assumed: what can travel as a Bearer credential (RFC 6750 section 2.1).
    pattern: '^[A-Za-z0-9._~+/-]+=*$',
    patternSource: 'assumed',
    // Found in a client's documentation.
    env: 'PROFUNDIS_API_KEY',
    rotation: { method: 'renew', grace: 0 },
    perAccount: 1,
  },
  oauth: {
    // Assumed: the page speaks of a separate authorization server and gives no address; discovery finds the real one.
    issuer: 'https://auth.profundis.io',
    authorizationServerMetadata: 'https://auth.profundis.io/.well-known/oauth-authorization-server',
    // The page says that protected resource metadata exists; this is its place for a resource at the root (RFC 9728 section 3).
    protectedResourceMetadata: 'https://mcp.profundis.io/.well-known/oauth-protected-resource',
    authorizationEndpoint: 'https://auth.profundis.io/authorize',
    tokenEndpoint: 'https://auth.profundis.io/token',
    // Assumed: clients connect without an id of their own, so they register themselves.
    registrationEndpoint: 'https://auth.profundis.io/register',
    grants: ['authorization_code', 'refresh_token'],
    tokenEndpointAuthMethod: 'none',
    // Assumed, as nothing is documented: opaque tokens of an hour.
    tokenFormat: 'opaque',
    tokenLifetime: 3600,
  },
  errors: [
    {
      // Assumed: no error is documented; 401 is the standard's answer to a bad credential.
      code: 'credential_refused',
      status: 401,
      source: 'assumed',
      hint: 'Renewing a key invalidates the previous one, so check whether somebody renewed it; otherwise sign in again.',
      link: 'keys',
    },
    {
      // The gate is documented, its status assumed.
      code: 'not_entitled',
      status: 403,
      source: 'assumed',
      hint: 'Profundis needs a paid plan (Professional or Enterprise), or a Free account with purchased credits.',
      link: 'plans',
    },
    {
      // Credits are documented, the status assumed.
      code: 'insufficient_credits',
      status: 402,
      source: 'assumed',
      hint: 'The account is out of credits; buy more or wait for the monthly ones.',
      link: 'plans',
    },
  ],
  links: {
    docs: { where: 'Profundis MCP authentication docs', url: 'https://docs.profundis.io/mcp/authentication' },
    keys: { where: 'your Profundis account profile (one key per account, shown once)' },
    connectedApps: { where: 'your Profundis account profile' },
    plans: { where: 'your Profundis account profile' },
  },
  recommendations: [
    { client: 'Claude.ai', method: 'oauth' },
    { client: 'Claude Desktop', method: 'oauth' },
    { client: 'ChatGPT', method: 'oauth' },
    { client: 'Claude Code', method: 'oauth' },
    { client: 'Claude Code, headless or CI', method: 'api-key' },
    { client: 'other MCP client with OAuth', method: 'oauth' },
    { client: 'other MCP client', method: 'api-key' },
    { client: 'script', method: 'api-key' },
  ],
  access:
    'A paid plan (Professional or Enterprise), or a Free account that has purchased credits; monthly credits alone give neither a key nor MCP.',
})
