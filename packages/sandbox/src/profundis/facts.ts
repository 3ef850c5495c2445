import type { ServiceFacts } from '../facts.ts'

type ProfundisError = 'missingCredential' | 'invalidCredential' | 'notEntitled' | 'outOfCredits'

const missing = 'A Profundis credential is required.'
const invalid = 'The credential is invalid or has been renewed.'
const entitlement = 'A paid plan or purchased credits are required.'
const credits = 'Not enough credits.'

/**
 * Profundis, from its MCP authentication page, which has the rules (one key per account, renewal, entitlement, credits)
 * but no REST endpoint, no error text and no status. The REST endpoint is the one that public clients call; every
 * refusal's form is assumed.
 */
export const profundisFacts: ServiceFacts<ProfundisError> = {
  name: 'profundis',
  title: 'Profundis',
  origins: ['https://api.profundis.io', 'https://mcp.profundis.io', 'https://auth.profundis.io'],
  resources: [
    {
      name: 'rest',
      kind: 'rest',
      url: 'https://api.profundis.io/api/v2/common/data',
      source: 'found',
      // `X-API-KEY` is found; Bearer on REST is assumed, since the MCP server forwards a Bearer credential to the API.
      headers: { apiKey: ['x-api-key', 'authorization'], accessToken: ['authorization'] },
      emulated: true,
    },
    {
      name: 'mcp',
      kind: 'mcp',
      url: 'https://mcp.profundis.io',
      source: 'page',
      headers: { apiKey: ['authorization'], accessToken: ['authorization'] },
      tools: {
        search_subdomains: 'assumed',
        search_hosts: 'assumed',
        search_dns: 'assumed',
        get_credits: 'assumed',
        get_usage: 'assumed',
        whoami: 'assumed',
      },
      emulated: true,
    },
  ],
  // No prefix is documented: a key is opaque, so any string that RFC 9110 allows as a token.
  key: { prefix: undefined, pattern: '^[A-Za-z0-9._~+/-]+=*$', source: 'assumed' },
  env: { apiKey: 'PROFUNDIS_API_KEY', source: 'found' },
  // "Your account profile", without an address: put where people sign in, which is also what has the connected apps.
  keysPage: { url: 'https://auth.profundis.io/profile', source: 'assumed' },
  scopes: {},
  // The page speaks of a separate server and gives no address.
  authorizationServer: {
    issuer: 'https://auth.profundis.io',
    authorize: 'https://auth.profundis.io/authorize',
    token: 'https://auth.profundis.io/token',
    register: 'https://auth.profundis.io/register',
    resourceMetadata: 'https://mcp.profundis.io/.well-known/oauth-protected-resource',
    resource: 'https://mcp.profundis.io',
    tokenFormat: 'opaque',
    sources: {
      issuer: 'assumed',
      endpoints: 'assumed',
      resourceMetadata: 'assumed',
      resource: 'page',
      tokenFormat: 'assumed',
    },
    accessTokenLifetime: 3600,
    emulated: true,
  },
  errors: {
    missingCredential: {
      status: 401,
      text: missing,
      body: { error: 'invalid_token', error_description: missing },
      source: 'assumed',
    },
    invalidCredential: {
      status: 401,
      text: invalid,
      body: { error: 'invalid_token', error_description: invalid },
      source: 'assumed',
    },
    notEntitled: {
      status: 403,
      text: entitlement,
      body: { error: 'not_entitled', error_description: entitlement },
      source: 'assumed',
    },
    // 402 and not 401 or 403: those would make a client throw away a good credential.
    outOfCredits: {
      status: 402,
      text: credits,
      body: { error: 'insufficient_credits', error_description: credits },
      source: 'assumed',
    },
  },
}
