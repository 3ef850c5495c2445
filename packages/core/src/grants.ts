import * as oauth from 'oauth4webapi'
import { createSecret, type Secret } from './credential.ts'
import type { Grant } from './token-request.ts'

// Each grant as a value: what the token endpoint is sent, and how its answer is read.

/** What a token is asked for, by the names of the standards. */
export interface TokenWish {
  readonly scope?: string | undefined
  readonly resource?: string | undefined
  readonly audience?: string | undefined
}

/** A client's own token (RFC 6749 section 4.4). */
export function clientCredentialsGrant(wish: TokenWish): Grant {
  return {
    request: (server, client, authentication, options) =>
      oauth.clientCredentialsGrantRequest(server, client, authentication, given(wish), options),
    process: (server, client, response) => oauth.processClientCredentialsResponse(server, client, response),
    secrets: [],
  }
}

/** A token for one that somebody else signed about the program (RFC 7523 section 2.1). */
export function jwtBearerGrant(assertion: Secret, wish: TokenWish): Grant {
  return {
    request: (server, client, authentication, options) =>
      oauth.genericTokenEndpointRequest(
        server,
        client,
        authentication,
        'urn:ietf:params:oauth:grant-type:jwt-bearer',
        given({ ...wish, assertion: assertion.reveal() }),
        options,
      ),
    process: (server, client, response) => oauth.processGenericTokenEndpointResponse(server, client, response),
    secrets: [assertion],
  }
}

/** Which tokens are exchanged for which, by the URIs of RFC 8693 section 3. */
export interface ExchangeTypes {
  readonly subjectTokenType: string
  readonly requestedTokenType?: string | undefined
}

/** Another token for one that the program has (RFC 8693 section 2.1). */
export function tokenExchangeGrant(
  subjectToken: Secret,
  { subjectTokenType, requestedTokenType }: ExchangeTypes,
  wish: TokenWish,
): Grant {
  return {
    request: (server, client, authentication, options) =>
      oauth.genericTokenEndpointRequest(
        server,
        client,
        authentication,
        'urn:ietf:params:oauth:grant-type:token-exchange',
        given({
          ...wish,
          subject_token: subjectToken.reveal(),
          subject_token_type: subjectTokenType,
          requested_token_type: requestedTokenType,
        }),
        options,
      ),
    process: (server, client, response) => oauth.processGenericTokenEndpointResponse(server, client, response),
    secrets: [subjectToken],
  }
}

/** Parameters without those that have no value. */
function given(parameters: object): Record<string, string> {
  const own = Object.entries(parameters).filter(([, value]) => value !== undefined)
  return Object.assign(Object.create(null), Object.fromEntries(own))
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
