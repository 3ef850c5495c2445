import { frozenService } from '../frozen-service.ts'
import type { Service } from '../service.ts'

/** Pensyve: REST and MCP, an API key or an access token, always Bearer. */
export const pensyve: Service<'rest' | 'mcp'> = /* @__PURE__ */ frozenService({
  id: 'pensyve',
  name: 'Pensyve',
  resources: {
    rest: {
      url: 'https://api.pensyve.com/v1',
      protocol: 'rest',
      apiKey: ['authorization'],
      accessToken: true,
      // Assumed: tokens are issued for the MCP server, and the page says that both methods access the same data.
      audience: 'https://mcp.pensyve.com/mcp',
      // /recall is on the page; the other paths are found in its REST docs, or assumed from the tool names (inspect, observe, end).
      operations: [
        { name: 'recall', method: 'POST', path: '/recall' },
        { name: 'recall', method: 'POST', path: '/recall_grouped' },
        { name: 'remember', method: 'POST', path: '/remember' },
        { name: 'remember', method: 'POST', path: '/entities' },
        { name: 'forget', method: 'POST', path: '/forget' },
        { name: 'inspect', method: 'POST', path: '/inspect' },
        { name: 'observe', method: 'POST', path: '/observe' },
        { name: 'episode_start', method: 'POST', path: '/episodes/start' },
        { name: 'episode_end', method: 'POST', path: '/episodes/end' },
        { name: 'status', method: 'GET', path: '/status' },
        { name: 'account', method: 'GET', path: '/account' },
        { name: 'health', method: 'GET', path: '/health', public: true },
      ],
    },
    mcp: {
      url: 'https://mcp.pensyve.com/mcp',
      protocol: 'mcp',
      apiKey: ['authorization'],
      accessToken: true,
    },
  },
  apiKey: {
    prefix: 'psy_',
    prefixSource: 'documented',
    // Assumed: the page shows only the prefix.
    pattern: '^psy_[A-Za-z0-9_-]+$',
    patternSource: 'assumed',
    env: 'PENSYVE_API_KEY',
    rotation: { method: 'rotate', grace: 86_400 },
  },
  oauth: {
    // The page gives the metadata path; host and endpoints are found in the gateway's public source.
    issuer: 'https://mcp.pensyve.com',
    protectedResourceMetadata: 'https://mcp.pensyve.com/.well-known/oauth-protected-resource',
    authorizationServerMetadata: 'https://mcp.pensyve.com/.well-known/oauth-authorization-server',
    authorizationEndpoint: 'https://pensyve.com/oauth/authorize',
    tokenEndpoint: 'https://mcp.pensyve.com/oauth/token',
    registrationEndpoint: 'https://mcp.pensyve.com/oauth/register',
    revocationEndpoint: 'https://mcp.pensyve.com/oauth/revoke',
    grants: ['authorization_code', 'refresh_token'],
    tokenEndpointAuthMethod: 'none',
    scopes: ['mcp'],
    tokenFormat: 'jwt',
    tokenSigningAlgorithm: 'EdDSA',
    // Assumed: the page says "short-lived".
    tokenLifetime: 900,
  },
  scopes: {
    default: 'mcp',
    operations: {
      mcp: ['recall', 'remember', 'forget', 'inspect', 'observe', 'episode_start', 'episode_end', 'status', 'account'],
      'mcp:read': ['recall', 'inspect', 'status', 'account'],
      'mcp:write': ['remember', 'forget', 'observe', 'episode_start', 'episode_end'],
    },
  },
  errors: [
    {
      // Found in the gateway's source: the page documents no error text.
      code: 'authentication_required',
      status: 401,
      message: 'Missing or invalid Authorization header. Use: Bearer psy_your_key',
      source: 'found',
      hint: 'Set PENSYVE_API_KEY to a key that begins with psy_.',
      link: 'keys',
    },
    {
      // Found: the gateway answers a bad key with 403 and its SDK expects 401, so the text alone decides.
      code: 'credential_refused',
      message: 'Invalid or revoked API key',
      source: 'found',
      hint: 'The key was revoked, or rotated more than 24 hours ago. Make a new one and update the environment.',
      link: 'keys',
    },
    {
      code: 'rate_limited',
      status: 429,
      message: 'Too many requests. Please retry later.',
      source: 'found',
      hint: 'The limit is per key and minute; wait as long as error.retryAfter says (seconds).',
    },
  ],
  links: {
    docs: { where: 'Pensyve authentication docs', url: 'https://pensyve.com/docs/cloud/authentication' },
    // The page names the way and no deeper address.
    keys: { where: 'Pensyve Dashboard > API Keys', url: 'https://pensyve.com' },
  },
  recommendations: [
    { client: 'CI/CD', method: 'api-key' },
    { client: 'script', method: 'api-key' },
    { client: 'automation', method: 'api-key' },
    { client: 'most MCP clients', method: 'api-key' },
    { client: 'MCP client without OAuth discovery', method: 'api-key' },
    { client: 'non-interactive environment', method: 'api-key' },
    { client: 'Claude Code plugin', method: 'oauth' },
    { client: 'VS Code extension', method: 'oauth' },
  ],
  access: 'Any signed-up account.',
  // Found: the repository's maintenance notes.
  notice: 'Pensyve Cloud closed on 2026-10-01; use a self-hosted gateway with relocate(), or the sandbox.',
})
