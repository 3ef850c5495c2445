import type { SigningKey } from './client-authentication.ts'
import type { CredentialSource } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import { type IdentityToken, missingIn, nameOf, requireIdentityToken } from './identity-token.ts'
import { part } from './part.ts'
import type { DpopWish } from './proof-key.ts'
import { tokenSource } from './token-source.ts'

export interface WorkloadIdentityOptions {
  /** The token that says which workload this is, or a function that gives it; read anew for each token request. */
  readonly token: IdentityToken
  /** How the service takes it: as an assertion (RFC 7523 section 2.1), or in exchange for its own token (RFC 8693). */
  readonly grant: 'jwt-bearer' | 'token-exchange'
  /** The authorization server that takes such tokens: needed where the service's definition does not say, and used in its place where it does. */
  readonly issuer?: string | undefined
  /**
   * Takes the authorization server that the resource itself names, where neither `issuer` nor the definition says which it is: a resource
   * that is not honest then collects identity tokens that are good elsewhere, and a client secret.
   */
  readonly dangerouslyTrustResourceIssuer?: boolean | undefined
  /** The scopes to ask for, with spaces in between; what the server gives by itself unless given. */
  readonly scope?: string | undefined
  /** What the access token is for, by its URI (RFC 8707). */
  readonly resource?: string | undefined
  /** What the access token is for, by a name of the server's own. */
  readonly audience?: string | undefined
  /** Token exchange only: what kind of token the workload has; a JWT unless given. */
  readonly subjectTokenType?: string | undefined
  /** Token exchange only: what kind of token is wanted; what the server gives by itself unless given. */
  readonly requestedTokenType?: string | undefined
  /** The client that asks, where the server wants one. */
  readonly clientId?: string | undefined
  readonly clientSecret?: string | undefined
  readonly privateKey?: SigningKey | undefined
  /**
   * Binds the tokens to a key, so that whoever steals them alone can do nothing with them (RFC 9449): one that is made for this source,
   * or a pair for ES256 of your own. Bearer tokens unless given.
   */
  readonly dpop?: DpopWish | undefined
  /** Name of the source in messages; made of the token's name unless given. */
  readonly name?: string | undefined
}

/**
 * Access tokens for a program without any secret: whoever runs it signs who it is, and the service gives a token for that.
 *
 * The access token is fetched once for all callers and renewed in the background before it expires, each time with a fresh identity
 * token; a refused one is read once more, and tried again if it is another by then. It is sent to the token endpoint in the metadata
 * of `issuer`, else to the one of the service's definition, and nowhere else. In a chain (`firstOf`) a place without such a token, such as
 * a laptop, gives way to the next source.
 *
 * @throws PentauthError `invalid_option` for a `token` that is none or an unknown `grant`; (when first used) `malformed_credential` for
 *   what is no token, `source_failed` for an expired one, `credential_not_accepted` when the service has no such grant,
 *   `token_request_rejected`, `client_refused`, `token_response_invalid`, `invalid_service` with neither token endpoint nor issuer,
 *   `temporarily_unavailable`, `discovery_failed`, `unsafe_address`, `registration_failed`, and what the source of the token throws.
 * @see https://www.rfc-editor.org/rfc/rfc7523#section-2.1
 * @see https://www.rfc-editor.org/rfc/rfc8693
 * @example
 * ```ts
 * const token = async () => (await fetch('http://127.0.0.1:9000/identity')).text()
 * const issuer = 'https://auth.acme.example'
 * const auth = createAuth(acme, { credential: workloadIdentity({ token, grant: 'jwt-bearer', issuer }) })
 * ```
 */
export function workloadIdentity(options: WorkloadIdentityOptions): CredentialSource {
  const {
    token,
    grant,
    issuer,
    dangerouslyTrustResourceIssuer,
    clientId,
    clientSecret,
    privateKey,
    name,
    dpop,
    ...wish
  }: Partial<WorkloadIdentityOptions> = Object.assign(Object.create(null), options)
  requireIdentityToken('token', token)
  const identity = token as IdentityToken
  if (grant !== 'jwt-bearer' && grant !== 'token-exchange') {
    throw new PentauthError({
      code: 'invalid_option',
      message: 'The option "grant" gives no grant type.',
      hint: "The service's documentation says how it takes identity tokens: 'jwt-bearer' is RFC 7523, 'token-exchange' RFC 8693.",
    })
  }
  const source = name ?? `workload identity (${nameOf(identity)})`
  const trustsResource = dangerouslyTrustResourceIssuer === true
  const parts = Object.entries({ clientId, clientSecret, privateKey }).filter(([, value]) => value !== undefined)
  const client = parts.length > 0 ? Object.fromEntries(parts) : undefined
  const key = dpop ? { wish: dpop } : undefined
  return tokenSource({
    name: source,
    issuer,
    missing: () => missingIn(identity),
    async prepare(request) {
      const { prepareWorkloadToken } = await part(import('./client-steps.ts'))
      const asked = { source, token: identity, grant, issuer, trustsResource, client, key }
      return prepareWorkloadToken(request, { ...asked, ...wish })
    },
  })
}
