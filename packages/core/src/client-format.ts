import type { OAuthClient, SigningKey } from './client-authentication.ts'
import { createSecret } from './credential.ts'
import { described, foreignLook, shapeFlaw } from './credential-shape.ts'
import { PentauthError, type PentauthErrorCode } from './errors.ts'
import type { Service } from './service.ts'
import { inWords } from './service-link.ts'

/** An OAuth client that acts for itself (RFC 6749 section 4.4), with a secret or with a key that signs (RFC 7523 section 2.2). */
export type ClientCredentials = ClientWithSecret | ClientWithKey

export interface ClientWithSecret {
  readonly clientId: string
  readonly clientSecret: string
}

export interface ClientWithKey {
  readonly clientId: string
  /** The private half; what the server knows is the public one. */
  readonly privateKey: SigningKey
}

/** Where the parts of a client come from, for messages. */
export interface ClientOrigin {
  readonly clientId: string
  readonly clientSecret: string
}

/**
 * Checks an OAuth client before its secret is sent anywhere, and returns it without white space around its parts.
 *
 * @param from where each part came from, for the message
 * @throws PentauthError `credential_not_accepted` when the service has no client credentials grant; `malformed_credential` or
 *   `wrong_credential` for an unusable part. The error never holds either.
 */
export function checkClient(service: Service, client: ClientCredentials, from: ClientOrigin): OAuthClient {
  const { grants = [], tokenEndpointAuthMethod } = service.oauth ?? {}
  if (!grants.includes('client_credentials') || tokenEndpointAuthMethod === 'none') throw noGrant(service, from)
  const {
    clientId: id,
    clientSecret,
    privateKey,
  }: Partial<ClientWithSecret & ClientWithKey> = Object.assign(Object.create(null), client)
  const clientId = checkPart(service, 'client ID', id, from.clientId)
  if (privateKey !== undefined && clientSecret === undefined)
    return { clientId, authMethod: 'private_key_jwt', privateKey }
  const secret = checkPart(service, 'client secret', clientSecret, from.clientSecret)
  const authMethod = tokenEndpointAuthMethod === 'client_secret_post' ? tokenEndpointAuthMethod : 'client_secret_basic'
  return { clientId, authMethod, clientSecret: createSecret(secret) }
}

function checkPart(
  service: Service,
  what: 'client ID' | 'client secret',
  raw: string | undefined,
  from: string,
): string {
  const value = typeof raw === 'string' ? raw.trim() : ''
  const flaw = typeof raw === 'string' ? shapeFlaw(value) : 'is not a string'
  if (flaw) throw partError(service, what, from, 'malformed_credential', flaw)
  // A deployment of one's own may have clients of its own.
  if (service.oauth?.relocated) return value
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

function noGrant(service: Service, from: ClientOrigin): PentauthError {
  return new PentauthError({
    code: 'credential_not_accepted',
    message: `${service.name} gives no tokens for client credentials, so those from ${from.clientId} are not sent.`,
    service: service.id,
    hint: service.apiKey ? `Use an API key (${service.apiKey.env}).` : 'Use another kind of credential.',
    link: service.links.docs.url,
  })
}
