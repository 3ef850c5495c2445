import type * as oauth from 'oauth4webapi'
import type { ClientAuthMethod, OAuthClient } from './client-authentication.ts'
import type { CheckedClient } from './client-format.ts'
import type { CredentialRequest } from './credential-source.ts'
import type { Discovered } from './discovered.ts'
import { discover } from './discovery.ts'
import { PentauthError } from './errors.ts'
import { rulesOf } from './metadata.ts'
import { printable } from './printable.ts'
import { authMethodAt } from './registration.ts'
import type { OAuthRules, Service } from './service.ts'
import { sharedDiscovery } from './shared-discovery.ts'

/** What a program shows to get a token for itself. */
export interface Offer {
  readonly grant: OAuthRules['grants'][number]
  /** In words, such as `client credentials`. */
  readonly what: string
  /** Where it comes from, for messages. */
  readonly from: string
  /** The authorization server, where the program says it. */
  readonly issuer: string | undefined
  /** Whether it may be the one that the resource names, where neither the program nor the definition says it. */
  readonly trustsResource: boolean
}

/** Who gives a program tokens for itself. */
export interface TokenServer {
  readonly server: oauth.AuthorizationServer
  /** The value of `resource`, where its metadata and not the definition leads there. */
  readonly resource: string | undefined
  readonly source: Discovered['source']
}

/**
 * Refuses an offer that the service's definition has no use for, before anything is looked for.
 *
 * @throws PentauthError `credential_not_accepted` where there is no such grant.
 */
export function checkOffer({ service, resource }: CredentialRequest, offer: Offer): void {
  if (offer.issuer !== undefined) return
  const { grants, tokenEndpoint, tokenEndpointAuthMethod, issuer } = rulesOf(service)
  const isNamed = tokenEndpoint !== undefined || issuer !== undefined
  const isPublic = isNamed && tokenEndpointAuthMethod === 'none' && offer.grant === 'client_credentials'
  // Of a server that has not been found yet nothing is known.
  const isGiven = grants ? grants.includes(offer.grant) : resource.accessToken === true
  if (!isGiven || isPublic) throw noGrant(service, offer)
}

/**
 * Finds the token endpoint for what a program has: the one of the service's definition, else the one in the metadata of the issuer.
 *
 * The issuer is the program's word or the definition's, and not the resource's: a resource could name a server that collects secrets, and
 * identity tokens that are good elsewhere. It counts only where the program says so, or has nothing that could be collected.
 *
 * @throws PentauthError `invalid_service` where nobody says who gives tokens, `credential_not_accepted` where the metadata knows no such
 *   grant, and what `discover` throws.
 */
export async function tokenServer(request: CredentialRequest, offer: Offer): Promise<TokenServer> {
  const { service } = request
  const { tokenEndpoint, issuer: own } = rulesOf(service)
  if (offer.issuer === undefined && tokenEndpoint !== undefined) {
    const server = { issuer: own ?? new URL(tokenEndpoint).origin, token_endpoint: String(tokenEndpoint) }
    return { server, resource: undefined, source: 'documented' }
  }
  const issuer = offer.issuer ?? own
  if (issuer === undefined && !offer.trustsResource) throw await noEndpoint(request)
  const { server, resource, source } = await discover(request, { issuer, way: 'token', cache: sharedDiscovery })
  const supported = server.grant_types_supported
  if (supported && !supported.includes(offer.grant)) throw noGrant(service, offer)
  return { server, resource, source }
}

/** The server may have moved: who was found by metadata is looked for again. */
export function forgetTokenServer(request: CredentialRequest): void {
  sharedDiscovery.forget(request)
}

/**
 * A client with the way in which it proves itself at a server.
 *
 * @throws PentauthError `registration_failed` where a server that was found by its metadata takes no such proof.
 */
export function clientAt(
  request: CredentialRequest,
  { server, resource }: Pick<TokenServer, 'server' | 'resource'>,
  client: CheckedClient,
  isSigned: boolean = client.privateKey !== undefined,
): OAuthClient {
  return { ...client, authMethod: methodAt() }

  function methodAt(): ClientAuthMethod {
    if (!isSigned && !client.clientSecret) return 'none'
    if (resource !== undefined) {
      return authMethodAt(
        request,
        server,
        client.privateKey ? 'private key' : isSigned ? 'signed token' : 'client secret',
      )
    }
    if (isSigned) return 'private_key_jwt'
    const documented = rulesOf(request.service).tokenEndpointAuthMethod
    return documented === 'client_secret_post' ? documented : 'client_secret_basic'
  }
}

/** Who gives tokens is asked for a person to compare, and nothing else is sent. */
async function noEndpoint(request: CredentialRequest): Promise<PentauthError> {
  const { service } = request
  const named = await discover(request, { way: 'token', cache: sharedDiscovery }).then(
    ({ server }) => printable(server.issuer, 200),
    () => undefined,
  )
  return new PentauthError({
    code: 'invalid_service',
    message: `${service.name} has no token endpoint in its definition.`,
    service: service.id,
    hint:
      named === undefined
        ? 'Name its authorization server, as in { issuer: "https://auth.example" }, or the endpoint in the definition.'
        : `The resource names an authorization server. If it is the one that you know, name it, too: { issuer: ${JSON.stringify(named)} }.`,
    link: service.links.docs.url,
  })
}

const nameIt = 'name an authorization server that gives them, as in { issuer: "https://auth.example" }'

function noGrant(service: Service, { what, from, issuer }: Offer): PentauthError {
  return new PentauthError({
    code: 'credential_not_accepted',
    message: `${service.name} gives no tokens for ${what}, so those from ${from} are not sent.`,
    service: service.id,
    hint: service.apiKey
      ? `Use an API key (${service.apiKey.env})${issuer === undefined ? `, or ${nameIt}` : ''}.`
      : service.oauth
        ? 'Use another kind of credential.'
        : 'Name its authorization server, as in { issuer: "https://auth.example" }, or use another kind of credential.',
    link: service.links.docs.url,
  })
}
