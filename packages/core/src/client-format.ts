import type { OAuthClient, SigningKey } from './client-authentication.ts'
import { createSecret } from './credential.ts'
import { described, foreignLook, shapeFlaw } from './credential-shape.ts'
import { PentauthError, type PentauthErrorCode } from './errors.ts'
import type { IdentityToken } from './identity-token.ts'
import type { Service } from './service.ts'
import { inWords } from './service-link.ts'

/** An OAuth client that acts for itself (RFC 6749 section 4.4): with a secret, or with what is signed about it (RFC 7523 section 2.2). */
export type ClientCredentials = ClientWithSecret | ClientWithKey | ClientWithAssertion

export interface ClientWithSecret {
  readonly clientId: string
  readonly clientSecret: string
}

export interface ClientWithKey {
  readonly clientId: string
  /** The private half; what the server knows is the public one. */
  readonly privateKey: SigningKey
}

export interface ClientWithAssertion {
  readonly clientId: string
  /** The identity token of the workload, whose signer the server trusts to speak for the client. */
  readonly assertion: IdentityToken
}

/** Where the parts of a client come from, for messages. */
export interface ClientOrigin {
  readonly clientId: string
  readonly clientSecret: string
}

/** A client whose parts can be what they are given as. */
export type CheckedClient = Pick<OAuthClient, 'clientId' | 'clientSecret' | 'privateKey'>

/**
 * Checks an OAuth client before its secret is sent anywhere, and returns it without white space around its parts.
 *
 * @param from where each part came from, for the message
 * @param isOwn whether the service's own authorization server knows it, so that its parts look as the definition says
 * @throws PentauthError `malformed_credential` or `wrong_credential` for an unusable part. The error never holds any.
 */
export function checkClient(
  service: Service,
  client: ClientCredentials,
  from: ClientOrigin,
  isOwn: boolean,
): CheckedClient {
  const {
    clientId: id,
    clientSecret,
    privateKey,
    assertion,
  }: Partial<ClientWithSecret & ClientWithKey & ClientWithAssertion> = Object.assign(Object.create(null), client)
  const clientId = checkPart(service, 'client ID', id, from.clientId, isOwn)
  if (clientSecret === undefined) {
    if (privateKey !== undefined) return { clientId, privateKey }
    if (assertion !== undefined) return { clientId }
  }
  const secret = checkPart(service, 'client secret', clientSecret, from.clientSecret, isOwn)
  return { clientId, clientSecret: createSecret(secret) }
}

function checkPart(
  service: Service,
  what: 'client ID' | 'client secret',
  raw: string | undefined,
  from: string,
  isOwn: boolean,
): string {
  const value = typeof raw === 'string' ? raw.trim() : ''
  const flaw = typeof raw === 'string' ? shapeFlaw(value) : 'is not a string'
  if (flaw) throw partError(service, what, from, 'malformed_credential', flaw)
  // A deployment of one's own may have clients of its own.
  if (!isOwn || service.oauth?.relocated) return value
  const foreign = foreignLook(service, what, value)
  if (foreign) throw partError(service, what, from, 'wrong_credential', described(foreign))
  const prefix = what === 'client ID' ? service.oauth?.clientIdPrefix : service.oauth?.clientSecretPrefix
  if (prefix !== undefined && !value.startsWith(prefix)) {
    throw partError(service, what, from, 'malformed_credential', `does not begin with "${prefix}"`)
  }
  return value
}

function partError(service: Service, what: string, from: string, code: PentauthErrorCode, flaw: string): PentauthError {
  const page = service.links.clients ?? service.links.docs
  return new PentauthError({
    code,
    message: `The ${service.name} ${what} from ${from} ${flaw}.`,
    service: service.id,
    hint: `Make an OAuth client at ${inWords(page)}.`,
    link: page.url ?? service.links.docs.url,
  })
}
