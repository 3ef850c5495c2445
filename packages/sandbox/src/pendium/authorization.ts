import type { Configuration } from '../authorization-server/configuration.ts'

/**
 * Pendium's authorization server. The five addresses are its page's, and so is PKCE; no scope, lifetime or way to revoke
 * is documented, and the resource is assumed to be the MCP URL.
 */
export const pendiumAuthorization: Configuration = {
  service: 'pendium',
  title: 'Pendium',
  issuer: 'https://pendium.ai',
  endpoints: {
    authorize: 'https://pendium.ai/authorize',
    token: 'https://pendium.ai/token',
    register: 'https://pendium.ai/register',
    deviceAuthorization: 'https://pendium.ai/device_authorization',
    device: 'https://pendium.ai/device',
  },
  resources: [
    {
      url: 'https://pendium.ai/mcp',
      metadata: [
        'https://pendium.ai/.well-known/oauth-protected-resource',
        // RFC 9728 section 3.1 puts it here for a resource with a path.
        'https://pendium.ai/.well-known/oauth-protected-resource/mcp',
      ],
    },
  ],
  scopes: {},
  advertisedScopes: [],
  allows: ['Reach every brand agent of your account', 'Start scans, which use your credits', 'Read scores and reports'],
  authMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  accessTokenLifetime: 3600,
  refreshTokenLifetime: 30 * 24 * 3600,
  tokenFormat: 'opaque',
  signIn: 'plain',
}
