import type { SigningKey } from './client-authentication.ts'
import type { CredentialSource } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import type { IdentityProvider } from './identity-provider.ts'
import { type IdentityToken, missingIn, requireIdentityToken } from './identity-token.ts'
import { part } from './part.ts'
import type { DpopWish } from './proof-key.ts'
import { isSecure } from './secure-url.ts'
import { tokenSource } from './token-source.ts'

export interface EnterpriseManagedOptions {
  /** The person's ID token from the identity provider, or a function or source that gives it; read anew for each token request. */
  readonly idToken: string | IdentityToken
  /** What kind of token that is, by the URI of RFC 8693 section 3; an ID token unless given. */
  readonly subjectTokenType?: string | undefined
  /** The company's identity provider and our client there: the program's own word, https or on this machine. */
  readonly identityProvider: IdentityProvider
  /** The client that the service's authorization server knows, with its own proof where it has one. */
  readonly clientId: string
  readonly clientSecret?: string | undefined
  readonly privateKey?: SigningKey | undefined
  /** The service's authorization server; needed with a secret or key where the definition does not say which it is. */
  readonly issuer?: string | undefined
  /**
   * Takes the authorization server that the resource itself names, where neither `issuer` nor the definition says which it is: a resource
   * that is not honest then collects a client secret.
   */
  readonly dangerouslyTrustResourceIssuer?: boolean | undefined
  /** The scopes to ask for, with spaces in between; what the provider gives by itself unless given. */
  readonly scope?: string | undefined
  /**
   * Binds the access tokens to a key, so that whoever steals them alone can do nothing with them (RFC 9449): one that is made for this
   * source, or a pair for ES256 of your own. Bearer tokens unless given.
   */
  readonly dpop?: DpopWish | undefined
  /** Name of the source in messages; `enterprise sign-in` unless given. */
  readonly name?: string | undefined
}

/**
 * Access tokens for a person who is signed in at their company: the company's identity provider decides what they may use, and nobody
 * is sent to a consent page (MCP enterprise-managed authorization).
 *
 * The ID token goes to the identity provider alone, which gives an identity assertion (ID-JAG) for this service's authorization server
 * and resource; that is exchanged for an access token, fetched once for all callers and renewed in the background. Without a secret or
 * key of the client, the resource's metadata says which authorization server that is.
 *
 * @throws PentauthError `invalid_option` for an `idToken` or `identityProvider` that is none; (when first used) `malformed_credential`,
 *   `source_failed` for an ID token that has expired, `credential_not_accepted` when the service has no such grant, `invalid_service`
 *   for a client secret without an issuer, `client_refused`, `token_request_rejected`, `token_response_invalid` from either server,
 *   `temporarily_unavailable`, `discovery_failed`, `unsafe_address`, `registration_failed`, and what the source of the token throws.
 * @see https://datatracker.ietf.org/doc/draft-ietf-oauth-identity-assertion-authz-grant/
 * @see https://www.rfc-editor.org/rfc/rfc8693
 * @example
 * ```ts
 * const idToken = async () => (await fetch('http://127.0.0.1:9000/id-token')).text()
 * const identityProvider = { issuer: 'https://login.acme.example', clientId: 'agent-at-login' }
 * const client = { clientId, clientSecret, issuer: 'https://auth.acme.example' }
 * const auth = createAuth(acme, { credential: enterpriseManaged({ idToken, identityProvider, ...client }) })
 * ```
 */
export function enterpriseManaged(options: EnterpriseManagedOptions): CredentialSource {
  const {
    idToken: given,
    subjectTokenType = 'urn:ietf:params:oauth:token-type:id_token',
    identityProvider: provider,
    issuer,
    dangerouslyTrustResourceIssuer,
    scope,
    dpop,
    name: source = 'enterprise sign-in',
    ...rest
  }: Partial<EnterpriseManagedOptions> = Object.assign(Object.create(null), options)
  const idToken = typeof given === 'string' ? { name: 'the option "idToken"', read: () => given } : given
  requireIdentityToken('idToken', idToken)
  const identity = idToken as IdentityToken
  const identityProvider = checkProvider(provider)
  const { clientId, clientSecret, privateKey } = rest
  const parts = Object.entries({ clientId, clientSecret, privateKey }).filter(([, value]) => value !== undefined)
  const client = Object.fromEntries(parts)
  const key = dpop ? { wish: dpop } : undefined
  // An assertion is good at the server that it is made for; a secret is good for whoever gets it.
  const hasNoProof = clientSecret === undefined && privateKey === undefined
  const trustsResource = dangerouslyTrustResourceIssuer === true || hasNoProof
  return tokenSource({
    name: source,
    issuer,
    perResource: true,
    missing: () => missingIn(identity),
    async prepare(request) {
      const { prepareEnterpriseToken } = await part(import('./client-steps.ts'))
      const whose = { idToken: identity, subjectTokenType, identityProvider, client }
      return prepareEnterpriseToken(request, { source, ...whose, issuer, trustsResource, scope, key })
    },
  })
}

/** The provider with its own properties, where it can be asked at all. */
function checkProvider(given: IdentityProvider | undefined): IdentityProvider {
  const own: Partial<IdentityProvider> = Object.assign(Object.create(null), given)
  const { issuer, tokenEndpoint, clientId, clientSecret, privateKey } = own
  const addresses = [issuer, tokenEndpoint].filter((url) => url !== undefined)
  const isUsable = (url: unknown) => typeof url === 'string' && URL.canParse(url) && isSecure(new URL(url))
  if (addresses.length > 0 && addresses.every(isUsable)) {
    const parts = Object.entries({ issuer, tokenEndpoint, clientId, clientSecret, privateKey })
    return Object.fromEntries(parts.filter(([, value]) => value !== undefined)) as unknown as IdentityProvider
  }
  throw new PentauthError({
    code: 'invalid_option',
    message: 'The option "identityProvider" gives no address to ask.',
    hint: 'Give its issuer or its tokenEndpoint: https, or plain http on this machine.',
  })
}
