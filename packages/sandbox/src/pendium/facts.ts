import type { ServiceFacts } from '../facts.ts'

type PendiumError = 'missingCredential' | 'invalidCredential' | 'agentNotAccessible' | 'readOnly'

const missing = 'Authentication required. Connect via OAuth.'
const invalid = 'Invalid or expired OAuth token. Re-authenticate via OAuth.'
const agent =
  "Agent with syntheticId=X not found or you don't have access. Use the get_account tool to see your agents."

/**
 * Pendium, from its authentication page. The three texts are the page's, all under "the server returns a 401"; they
 * speak of OAuth even where a REST call was refused for its key, and the page documents no other text for REST.
 */
export const pendiumFacts: ServiceFacts<PendiumError> = {
  name: 'pendium',
  title: 'Pendium',
  origins: ['https://pendium.ai'],
  resources: [
    {
      name: 'rest',
      kind: 'rest',
      // Found in the REST documentation; the authentication page names no path.
      url: 'https://pendium.ai/api/visibility',
      source: 'found',
      headers: { apiKey: ['x-api-key'] },
      emulated: true,
    },
    {
      name: 'mcp',
      kind: 'mcp',
      // Assumed: `/mcp` is the only MCP path the page names, and there it is a web page.
      url: 'https://pendium.ai/mcp',
      source: 'assumed',
      headers: { accessToken: ['authorization'] },
      tools: {
        get_account: 'page',
        scan_visibility: 'found',
        get_scan_status: 'found',
        get_report: 'assumed',
        lookup_brand_score: 'found',
        query_knowledge: 'found',
        get_factsheet: 'found',
        send_feedback: 'found',
      },
      emulated: true,
    },
  ],
  // Newer documentation shows `pendium_`, older `pk_live_`; the page shows none. The body's form is assumed.
  key: { prefix: 'pendium_', pattern: '^pendium_[A-Za-z0-9_-]{12,}$', source: 'found' },
  env: { apiKey: 'PENDIUM_API_KEY', source: 'assumed' },
  // The page has the way there (avatar > API Keys, or Get API Key on /mcp), a newer version of it the address.
  keysPage: { url: 'https://pendium.ai/settings/api-keys', source: 'found' },
  scopes: {},
  errors: {
    missingCredential: { status: 401, text: missing, body: { error: missing }, source: 'page' },
    invalidCredential: { status: 401, text: invalid, body: { error: invalid }, source: 'page' },
    // X stands for the id that was asked for.
    agentNotAccessible: { status: 401, text: agent, body: { error: agent }, source: 'page' },
    readOnly: {
      status: 403,
      text: 'This account is read-only.',
      // The code is found; the text is assumed.
      body: { error: 'This account is read-only.', code: 'READ_ONLY' },
      source: 'found',
    },
  },
  authorizationServer: {
    issuer: 'https://pendium.ai',
    authorize: 'https://pendium.ai/authorize',
    token: 'https://pendium.ai/token',
    register: 'https://pendium.ai/register',
    resourceMetadata: 'https://pendium.ai/.well-known/oauth-protected-resource',
    resource: 'https://pendium.ai/mcp',
    // "The token is validated against Pendium's database."
    tokenFormat: 'opaque',
    sources: {
      issuer: 'assumed',
      endpoints: 'page',
      resourceMetadata: 'page',
      resource: 'assumed',
      tokenFormat: 'assumed',
    },
    accessTokenLifetime: 3600,
    emulated: true,
  },
  tokenEndpoint: { url: 'https://pendium.ai/token', grants: ['authorization_code'], source: 'page' },
}
