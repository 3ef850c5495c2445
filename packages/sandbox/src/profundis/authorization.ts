import type { Accounts } from '../accounts.ts'
import type { Configuration } from '../authorization-server/configuration.ts'
import { isEntitled } from './accounts.ts'

/**
 * Profundis' authorization server: its page has PKCE, protected-resource metadata, a server of its own, the sign-in with
 * Google and who may connect. Every address but the MCP URL, the lifetimes and the form of the tokens are assumed.
 */
export function profundisAuthorization(accounts: Accounts): Configuration {
  return {
    service: 'profundis',
    title: 'Profundis',
    issuer: 'https://auth.profundis.io',
    endpoints: {
      authorize: 'https://auth.profundis.io/authorize',
      token: 'https://auth.profundis.io/token',
      register: 'https://auth.profundis.io/register',
      deviceAuthorization: 'https://auth.profundis.io/device_authorization',
      device: 'https://auth.profundis.io/device',
    },
    resources: [
      {
        url: 'https://mcp.profundis.io',
        metadata: ['https://mcp.profundis.io/.well-known/oauth-protected-resource'],
      },
    ],
    scopes: {},
    advertisedScopes: [],
    allows: ['Use every tool in your name', 'Spend the credits of your account'],
    authMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    accessTokenLifetime: 3600,
    refreshTokenLifetime: 30 * 24 * 3600,
    tokenFormat: 'opaque',
    signIn: 'google',
    // "An active entitlement, the same gate as the API."
    refusalOf: (account) =>
      isEntitled(accounts.get('profundis', account))
        ? undefined
        : 'This account cannot connect apps: it needs a paid plan (Professional or Enterprise) or purchased credits.',
  }
}
