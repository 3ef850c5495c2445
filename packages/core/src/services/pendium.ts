import { frozenService } from '../frozen-service.ts'
import type { Service } from '../service.ts'

const agentNotAccessible = {
  code: 'agent_not_accessible',
  message:
    "Agent with syntheticId={syntheticId} not found or you don't have access. Use the get_account tool to see your agents.",
  hint: 'The credential is fine; the agent is not one of your account. List your agents with get_account (REST: GET /account).',
  wayOut: 'get_account',
} as const

/** Pendium: REST with an API key in `x-api-key`, MCP with OAuth 2.1. */
export const pendium: Service<'rest' | 'mcp'> = /* @__PURE__ */ frozenService({
  id: 'pendium',
  name: 'Pendium',
  resources: {
    rest: {
      // Found: the page leads to the REST API docs, which show this base URL.
      url: 'https://pendium.ai/api/visibility',
      protocol: 'rest',
      apiKey: ['x-api-key'],
      // Found in the REST API docs.
      operations: [
        { name: 'get_account', method: 'GET', path: '/account' },
        { name: 'scan_visibility', method: 'POST', path: '/scan' },
        { name: 'get_scan_status', method: 'GET', path: '/scan' },
        { name: 'get_report', method: 'GET', path: '/report' },
        { name: 'lookup_brand_score', method: 'GET', path: '/score', public: true },
        { name: 'list_topics', method: 'GET', path: '/topics' },
        { name: 'create_topics', method: 'POST', path: '/topics' },
        { name: 'list_personas', method: 'GET', path: '/personas' },
        { name: 'create_personas', method: 'POST', path: '/personas' },
        { name: 'create_ai_visibility_report', method: 'POST', path: '/ai-visibility-report' },
        { name: 'get_ai_visibility_report', method: 'GET', path: '/ai-visibility-report' },
      ],
    },
    mcp: {
      // Assumed: the page gives no MCP URL; /mcp is the only MCP path it names, and its metadata is at the host's root.
      url: 'https://pendium.ai/mcp',
      protocol: 'mcp',
      accessToken: true,
    },
  },
  apiKey: {
    // Assumed: newer pages show "pendium_", older ones "pk_live_"; the authentication page shows none.
    prefix: 'pendium_',
    prefixSource: 'assumed',
    pattern: '^pendium_[A-Za-z0-9_-]{12,}$',
    patternSource: 'assumed',
    // Assumed: the page names no variable; this is the field's habit.
    env: 'PENDIUM_API_KEY',
    // Assumed: the page describes generating a key and no rotation.
    rotation: { method: 'replace' },
  },
  oauth: {
    // Assumed: the origin of the documented endpoints.
    issuer: 'https://pendium.ai',
    protectedResourceMetadata: 'https://pendium.ai/.well-known/oauth-protected-resource',
    authorizationServerMetadata: 'https://pendium.ai/.well-known/oauth-authorization-server',
    registrationEndpoint: 'https://pendium.ai/register',
    authorizationEndpoint: 'https://pendium.ai/authorize',
    tokenEndpoint: 'https://pendium.ai/token',
    // refresh_token found: a newer page says that the platform refreshes by itself.
    grants: ['authorization_code', 'refresh_token'],
    tokenEndpointAuthMethod: 'none',
    // Assumed: tokens are validated against Pendium's database, so they need no structure.
    tokenFormat: 'opaque',
    // Assumed: no lifetime is documented; an hour is the field's habit.
    tokenLifetime: 3600,
  },
  errors: [
    /* @__PURE__ */ Object.assign({ status: 401, source: 'documented' } as const, agentNotAccessible),
    // Assumed: the same refusal with another status, as ownership checks usually have.
    /* @__PURE__ */ Object.assign({ source: 'assumed' } as const, agentNotAccessible),
    {
      code: 'authentication_required',
      status: 401,
      message: 'Authentication required. Connect via OAuth.',
      source: 'documented',
      hint: 'MCP connections sign in by OAuth; REST calls need an API key in x-api-key.',
      link: 'keys',
    },
    {
      code: 'credential_refused',
      status: 401,
      message: 'Invalid or expired OAuth token. Re-authenticate via OAuth.',
      source: 'documented',
      hint: 'On MCP, sign in again; on REST, the API key is not valid (any more).',
      link: 'keys',
    },
    {
      // Found on an older page, whose texts name the key.
      code: 'authentication_required',
      status: 401,
      message: 'API key required. Add your Pendium API key as a Bearer token. Get one at https://pendium.ai/mcp',
      source: 'found',
      hint: 'REST calls need an API key in x-api-key.',
      link: 'keys',
    },
    {
      code: 'credential_refused',
      status: 401,
      message: 'Invalid API key. Check your key at https://pendium.ai/mcp',
      source: 'found',
      hint: 'The API key is not valid (any more).',
      link: 'keys',
    },
    {
      code: 'read_only_account',
      status: 403,
      message: 'READ_ONLY',
      source: 'found',
      hint: 'The account is in read-only mode: it can read and not start scans or write.',
    },
  ],
  links: {
    docs: { where: 'Pendium authentication docs', url: 'https://pendium.ai/docs/authentication' },
    keys: { where: 'Pendium dashboard > your avatar > API Keys, or Get API Key', url: 'https://pendium.ai/mcp' },
  },
  recommendations: [
    { client: 'MCP client', method: 'oauth' },
    { client: 'REST API', method: 'api-key' },
    { client: 'custom integration', method: 'api-key' },
    { client: 'script', method: 'api-key' },
    { client: 'no-code tool', method: 'api-key' },
  ],
  access: 'Any Pendium account, to the agents it owns; admin users reach any agent.',
})
