import type { Configuration } from '../authorization-server/configuration.ts'

/**
 * Pensyve's authorization server. The page has the metadata's path, PKCE and Ed25519; hosts and endpoints, `none` as the
 * only client authentication and `mcp` as the only scope in metadata are found in the gateway's public source. That the
 * scopes of keys are also those of tokens is assumed, and so are the lifetimes ("short-lived").
 */
export const pensyveAuthorization: Configuration = {
  service: 'pensyve',
  title: 'Pensyve',
  issuer: 'https://mcp.pensyve.com',
  endpoints: {
    authorize: 'https://pensyve.com/oauth/authorize',
    token: 'https://mcp.pensyve.com/oauth/token',
    register: 'https://mcp.pensyve.com/oauth/register',
    revoke: 'https://mcp.pensyve.com/oauth/revoke',
    jwks: 'https://mcp.pensyve.com/.well-known/jwks.json',
    deviceAuthorization: 'https://mcp.pensyve.com/oauth/device_authorization',
    device: 'https://pensyve.com/oauth/device',
  },
  // Found: the gateway has the metadata at its root, and not at the path of RFC 9728 section 3.1.
  resources: [
    {
      url: 'https://mcp.pensyve.com/mcp',
      metadata: ['https://mcp.pensyve.com/.well-known/oauth-protected-resource'],
    },
  ],
  scopes: {
    mcp: 'Do everything with your memories: recall, remember, forget, inspect, observe, episodes',
    'mcp:read': 'Recall and inspect your memories, and see the status of your account',
    'mcp:write': 'Remember and forget things, observe, and start and end episodes',
  },
  advertisedScopes: ['mcp'],
  allows: [],
  authMethods: ['none'],
  accessTokenLifetime: 900,
  refreshTokenLifetime: 30 * 24 * 3600,
  tokenFormat: 'jwt',
  signIn: 'plain',
}
