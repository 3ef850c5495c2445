import { frozenService } from '../frozen-service.ts'
import type { Service } from '../service.ts'

/** Pentographer: GraphQL, MCP and other endpoints under `/api`, with an API key or a client-credentials token, always Bearer. */
export const pentographer: Service<'graphql' | 'mcp' | 'api'> = /* @__PURE__ */ frozenService({
  id: 'pentographer',
  name: 'Pentographer',
  resources: {
    graphql: {
      // Found: the page names the GraphQL API, its reference gives the address.
      url: 'https://app.pentographer.com/api/graphql',
      protocol: 'graphql',
      apiKey: ['authorization'],
      accessToken: true,
    },
    mcp: {
      // Found in the public source; the page names the MCP server.
      url: 'https://app.pentographer.com/api/mcp',
      protocol: 'mcp',
      apiKey: ['authorization'],
      accessToken: true,
    },
    // The page's "system endpoints"; assumed: all of them are under /api, as the token endpoint is.
    api: {
      url: 'https://app.pentographer.com/api',
      protocol: 'rest',
      apiKey: ['authorization'],
      accessToken: true,
    },
  },
  apiKey: {
    prefix: 'ptg_',
    prefixSource: 'documented',
    // Found in the public source: 32 random bytes in hex.
    pattern: '^ptg_[0-9a-f]{64}$',
    patternSource: 'found',
    // Assumed: the page names no variable.
    env: 'PENTOGRAPHER_API_KEY',
    rotation: { method: 'replace' },
  },
  oauth: {
    // Found: the deployment's own base URL.
    issuer: 'https://app.pentographer.com',
    // Found: the public source serves its metadata here and not under /.well-known.
    authorizationServerMetadata: 'https://app.pentographer.com/api/oauth/discovery',
    tokenEndpoint: 'https://app.pentographer.com/api/oauth/token',
    // The page documents client credentials only.
    grants: ['client_credentials'],
    tokenEndpointAuthMethod: 'client_secret_post',
    tokenFormat: 'jwt',
    tokenLifetime: 3600,
    clientIdPrefix: 'ptgc_',
    clientSecretPrefix: 'ptgs_',
    // Assumed: the page names no variables.
    clientIdEnv: 'PENTOGRAPHER_CLIENT_ID',
    clientSecretEnv: 'PENTOGRAPHER_CLIENT_SECRET',
  },
  errors: [
    {
      // The status is on the page, the body's text found in the public source.
      code: 'credential_refused',
      status: 401,
      message: 'Unauthorized',
      source: 'documented',
      hint: 'The key or its client was revoked, which takes effect at once, or never existed.',
      link: 'keys',
    },
  ],
  links: {
    docs: { where: 'Pentographer GraphQL reference', url: 'https://pentographer.com/knowledge-base/graphql-reference' },
    keys: { where: 'Workspace Settings > API Keys', url: 'https://app.pentographer.com/settings' },
    clients: { where: 'Workspace Settings > OAuth Clients', url: 'https://app.pentographer.com/settings' },
  },
  recommendations: [
    { client: 'simple script', method: 'api-key' },
    { client: 'MCP client', method: 'api-key' },
    { client: 'machine-to-machine integration', method: 'client-credentials' },
  ],
  access: 'Members of an organization; administrators and owners see and manage all its keys, members only their own.',
})
