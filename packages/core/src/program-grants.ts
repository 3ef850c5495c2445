import * as oauth from 'oauth4webapi'
import type { Secret } from './credential.ts'
import { type Grant, given } from './token-answer.ts'

// What the token endpoint is sent by a program for itself, and by a device, as values.

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
      oauth.clientCredentialsGrantRequest(
        server,
        client,
        authentication,
        given(wish),
        options(oauth.customFetch, oauth.allowInsecureRequests),
      ),
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
        options(oauth.customFetch, oauth.allowInsecureRequests),
      ),
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
        options(oauth.customFetch, oauth.allowInsecureRequests),
      ),
    secrets: [subjectToken],
  }
}

/** What a person allowed a device, whose code it is (RFC 8628 section 3.4). */
export function deviceCodeGrant(deviceCode: Secret, resource: string | undefined): Grant {
  return {
    request: (server, client, authentication, options) =>
      oauth.deviceCodeGrantRequest(server, client, authentication, deviceCode.reveal(), {
        ...options(oauth.customFetch, oauth.allowInsecureRequests),
        additionalParameters: given({ resource }),
      }),
    secrets: [deviceCode],
  }
}
