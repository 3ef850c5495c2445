import type * as oauth from 'oauth4webapi'
import type { OAuthClient } from './client-authentication.ts'
import { createSecret } from './credential.ts'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { refreshTokenGrant } from './grants.ts'
import { sharedDiscovery } from './sign-in-failure.ts'
import type { StoredSession } from './stored-session.ts'
import { requestToken, type Tokens } from './token-request.ts'

/**
 * New tokens for a session, asked for once.
 *
 * @throws PentauthError `sign_in_required` when the refresh token is not accepted any more (`invalid_grant`), else as `requestToken`.
 */
export async function refreshTokens(flow: Flow, stored: StoredSession): Promise<Tokens> {
  const { service, runtime } = flow
  const grant = refreshTokenGrant(createSecret(stored.refreshToken ?? ''), stored.resource)
  const request = { service, runtime, server: serverOf(stored), client: clientOf(stored), grant, source: 'sign-in' }
  return requestToken(request).catch((error) => {
    if (!PentauthError.isInstance(error)) throw error
    // The server may have moved: the next sign-in asks where it is.
    if (!error.retryable) sharedDiscovery.forget(flow)
    if (error.parameters?.error !== 'invalid_grant') throw error
    throw new PentauthError({
      code: 'sign_in_required',
      message: `The sign-in at ${service.name} has ended: its authorization server does not take the refresh token any more.`,
      service: service.id,
      status: error.status,
      hint: 'Sign in again.',
    })
  })
}

/** The authorization server as the sign-in found it. */
export function serverOf({ issuer, tokenEndpoint, revocationEndpoint }: StoredSession): oauth.AuthorizationServer {
  return {
    issuer,
    token_endpoint: tokenEndpoint,
    ...(revocationEndpoint ? { revocation_endpoint: revocationEndpoint } : {}),
  }
}

export function clientOf({ client: { clientSecret, ...client } }: StoredSession): OAuthClient {
  return clientSecret === undefined ? client : { ...client, clientSecret: createSecret(clientSecret) }
}
