import * as oauth from 'oauth4webapi'
import { createSecret, type Secret } from './credential.ts'
import { type Grant, given } from './token-answer.ts'

// What the token endpoint is sent for the session of a person, as values.

/** The code of a sign-in, with what only its starter knows (RFC 6749 section 4.1.3, RFC 7636 section 4.5). */
export function authorizationCodeGrant(
  answer: URLSearchParams,
  {
    redirectUri,
    verifier,
    resource,
  }: { readonly redirectUri: string; readonly verifier: string; readonly resource: string | undefined },
): Grant {
  return {
    request: (server, client, authentication, options) =>
      oauth.authorizationCodeGrantRequest(server, client, authentication, answer, redirectUri, verifier, {
        ...options(oauth.customFetch, oauth.allowInsecureRequests),
        additionalParameters: given({ resource }),
      }),
    secrets: [createSecret(answer.get('code') ?? ''), createSecret(verifier)],
  }
}

/** A new access token for a refresh token (RFC 6749 section 6); without a scope it stays what was granted. */
export function refreshTokenGrant(
  refreshToken: Secret,
  wish: { readonly resource: string | undefined; readonly scope?: string | undefined },
): Grant {
  return {
    request: (server, client, authentication, options) =>
      oauth.refreshTokenGrantRequest(server, client, authentication, refreshToken.reveal(), {
        ...options(oauth.customFetch, oauth.allowInsecureRequests),
        additionalParameters: given(wish),
      }),
    secrets: [refreshToken],
  }
}
