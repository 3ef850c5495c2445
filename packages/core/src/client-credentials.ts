import type { ClientCredentials, ClientOrigin, ClientWithAssertion } from './client-format.ts'
import type { CredentialSource } from './credential-source.ts'
import { missingIn, requireIdentityToken } from './identity-token.ts'
import { part } from './part.ts'
import type { DpopWish } from './proof-key.ts'
import { tokenSource } from './token-source.ts'

export interface ClientCredentialsOptions {
  /** Name of the source in messages; `client credentials` unless given. */
  readonly name?: string | undefined
  /** Where each of the two comes from, for messages: `PENTOGRAPHER_CLIENT_ID`, `.env:3`. */
  readonly from?: ClientOrigin | undefined
  /** The authorization server that knows the client, where that is not the one of the service's definition. */
  readonly issuer?: string | undefined
  /**
   * Takes the authorization server that the resource itself names, where neither `issuer` nor the definition says which it is: a resource
   * that is not honest then collects a client secret.
   */
  readonly dangerouslyTrustResourceIssuer?: boolean | undefined
  /** The scopes to ask for, with spaces in between; what the server gives by itself unless given. */
  readonly scope?: string | undefined
  /**
   * Binds the tokens to a key, so that whoever steals them alone can do nothing with them (RFC 9449): one that is made for this source,
   * or a pair for ES256 of your own. Bearer tokens unless given.
   */
  readonly dpop?: DpopWish | undefined
}

/**
 * Access tokens from the client credentials grant: fetched once for all callers, renewed in the background before they expire.
 *
 * A client proves itself with a secret, with a private key, or with the identity token of a workload (`assertion`). The secret travels
 * in the body or the Authorization header of the token request, as the service's definition says, never in a URL; a private key signs
 * and stays. Without a token endpoint in the definition, as at any MCP server, it is found by the metadata of the `issuer`, and tokens are
 * for one resource.
 *
 * @throws PentauthError `invalid_option` for an `assertion` that is none; (when first used) `malformed_credential` or
 *   `wrong_credential` for an unusable client ID or secret, `credential_not_accepted` when the service has no such grant,
 *   `client_refused` when the service refuses the client, `token_request_rejected`, `token_response_invalid`, `invalid_service`
 *   with neither token endpoint nor issuer, `temporarily_unavailable` when it cannot answer now, `discovery_failed`, `unsafe_address`
 *   and `registration_failed` for a server whose metadata is of no use.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 * @example
 * ```ts
 * const auth = createAuth(pentographer, { credential: clientCredentials({ clientId, clientSecret }) })
 * ```
 */
export function clientCredentials(client: ClientCredentials, options: ClientCredentialsOptions = {}): CredentialSource {
  const { issuer, scope, dpop, dangerouslyTrustResourceIssuer, ...named }: ClientCredentialsOptions = Object.assign(
    Object.create(null),
    options,
  )
  const trustsResource = dangerouslyTrustResourceIssuer === true
  const name = named.name ?? 'client credentials'
  const from = named.from ?? { clientId: name, clientSecret: name }
  const { assertion }: Partial<ClientWithAssertion> = Object.assign(Object.create(null), client)
  if (assertion !== undefined) requireIdentityToken('assertion', assertion)
  const key = dpop ? { wish: dpop } : undefined
  return tokenSource({
    name,
    issuer,
    missing: () => assertion && missingIn(assertion),
    async prepare(request) {
      const { prepareClientToken } = await part(import('./client-steps.ts'))
      return prepareClientToken(request, { source: name, client, from, issuer, trustsResource, scope, key })
    },
  })
}
