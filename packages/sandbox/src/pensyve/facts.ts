import type { ServiceFacts } from '../facts.ts'

type PensyveError = 'missingCredential' | 'invalidCredential' | 'insufficientScope' | 'rateLimited'

const missing = 'Missing or invalid Authorization header. Use: Bearer psy_your_key'
const invalid = 'Invalid or revoked API key'
const scope = "This API key's scope does not allow this operation."
const limited = 'Too many requests. Please retry later.'

/**
 * Pensyve, from its authentication page; the page has no error text, so those are the ones of the public gateway, and the
 * scope refusal is assumed. The hosted service closed on 2026-10-01.
 */
export const pensyveFacts: ServiceFacts<PensyveError> = {
  name: 'pensyve',
  title: 'Pensyve',
  origins: ['https://api.pensyve.com', 'https://mcp.pensyve.com', 'https://pensyve.com'],
  closedOn: '2026-10-01',
  resources: [
    {
      name: 'rest',
      kind: 'rest',
      url: 'https://api.pensyve.com/v1',
      source: 'page',
      headers: { apiKey: ['authorization'], accessToken: ['authorization'] },
      emulated: true,
    },
    {
      name: 'mcp',
      kind: 'mcp',
      url: 'https://mcp.pensyve.com/mcp',
      source: 'page',
      headers: { apiKey: ['authorization'], accessToken: ['authorization'] },
      tools: {
        pensyve_recall: 'found',
        pensyve_remember: 'found',
        pensyve_forget: 'found',
        pensyve_inspect: 'found',
        pensyve_observe: 'found',
        pensyve_episode_start: 'found',
        pensyve_episode_end: 'found',
        pensyve_status: 'found',
        pensyve_account: 'found',
      },
      emulated: true,
    },
  ],
  // The prefix is the page's, the body's form is assumed.
  key: { prefix: 'psy_', pattern: '^psy_[A-Za-z0-9_-]+$', source: 'page' },
  env: { apiKey: 'PENSYVE_API_KEY', source: 'page' },
  // "Dashboard > API Keys" on pensyve.com; the page gives no path.
  keysPage: { url: 'https://pensyve.com/dashboard', source: 'assumed' },
  // The page's table. `episodes` in its first row is episode_start and episode_end; account is under `mcp` because that is
  // "all operations".
  scopes: {
    mcp: ['recall', 'remember', 'forget', 'inspect', 'observe', 'episode_start', 'episode_end', 'status', 'account'],
    'mcp:read': ['recall', 'inspect', 'status', 'account'],
    'mcp:write': ['remember', 'forget', 'observe', 'episode_start', 'episode_end'],
  },
  defaultScope: 'mcp',
  authorizationServer: {
    issuer: 'https://mcp.pensyve.com',
    authorize: 'https://pensyve.com/oauth/authorize',
    token: 'https://mcp.pensyve.com/oauth/token',
    register: 'https://mcp.pensyve.com/oauth/register',
    revoke: 'https://mcp.pensyve.com/oauth/revoke',
    resourceMetadata: 'https://mcp.pensyve.com/.well-known/oauth-protected-resource',
    resource: 'https://mcp.pensyve.com/mcp',
    tokenFormat: 'jwt',
    sources: {
      issuer: 'found',
      endpoints: 'found',
      resourceMetadata: 'found',
      resource: 'assumed',
      tokenFormat: 'page',
    },
    accessTokenLifetime: 900,
    emulated: true,
  },
  tokenEndpoint: {
    url: 'https://mcp.pensyve.com/oauth/token',
    grants: ['authorization_code', 'refresh_token'],
    source: 'found',
  },
  errors: {
    missingCredential: {
      status: 401,
      text: missing,
      body: { error: 'unauthorized', message: missing },
      source: 'found',
    },
    // On REST; the MCP server answers 401, which is assumed (see PensyveOptions).
    invalidCredential: { status: 403, text: invalid, body: { error: 'forbidden', message: invalid }, source: 'found' },
    insufficientScope: { status: 403, text: scope, body: { error: 'forbidden', message: scope }, source: 'assumed' },
    rateLimited: {
      status: 429,
      text: limited,
      body: { error: 'rate_limited', message: limited, retryAfter: 60 },
      source: 'found',
    },
  },
}
