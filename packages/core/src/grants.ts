import * as oauth from 'oauth4webapi'
import { createSecret, type Secret } from './credential.ts'
import type { Grant } from './token-request.ts'

// Each grant as a value: what the token endpoint is sent, and how its answer is read.

/** A client's own token (RFC 6749 section 4.4). */
export const clientCredentialsGrant: Grant = {
  request: (server, client, authentication, options) =>
    oauth.clientCredentialsGrantRequest(server, client, authentication, {}, options),
  process: (server, client, response) => oauth.processClientCredentialsResponse(server, client, response),
  secrets: [],
}

/** The code of a sign-in, with what only its starter knows (RFC 6749 section 4.1.3, RFC 7636 section 4.5). */
export function authorizationCodeGrant(
  answer: URLSearchParams,
  {
    redirectUri,
    verifier,
    resource,
  }: { readonly redirectUri: string; readonly verifier: string; readonly resource: string },
): Grant {
  return {
    request: (server, client, authentication, options) =>
      oauth.authorizationCodeGrantRequest(server, client, authentication, answer, redirectUri, verifier, {
        ...options,
        additionalParameters: { resource },
      }),
    process: (server, client, response) => oauth.processAuthorizationCodeResponse(server, client, response),
    secrets: [createSecret(answer.get('code') ?? ''), createSecret(verifier)],
  }
}

/** What a person allowed a device, whose code it is (RFC 8628 section 3.4). */
export function deviceCodeGrant(deviceCode: Secret, resource: string): Grant {
  return {
    request: (server, client, authentication, options) =>
      oauth.deviceCodeGrantRequest(server, client, authentication, deviceCode.reveal(), {
        ...options,
        additionalParameters: { resource },
      }),
    process: (server, client, response) => oauth.processDeviceCodeResponse(server, client, response),
    secrets: [deviceCode],
  }
}

/** A new access token for a refresh token (RFC 6749 section 6); the scope stays what was granted. */
export function refreshTokenGrant(refreshToken: Secret, resource: string): Grant {
  return {
    request: (server, client, authentication, options) =>
      oauth.refreshTokenGrantRequest(server, client, authentication, refreshToken.reveal(), {
        ...options,
        additionalParameters: { resource },
      }),
    process: (server, client, response) => oauth.processRefreshTokenResponse(server, client, response),
    secrets: [refreshToken],
  }
}
