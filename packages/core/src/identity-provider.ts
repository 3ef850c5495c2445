import type * as oauth from 'oauth4webapi'
import type { OAuthClient, SigningKey } from './client-authentication.ts'
import type { CredentialRequest } from './credential-source.ts'
import { failed } from './document-refusal.ts'
import { readServer } from './metadata.ts'
import { checkWorkloadClient } from './own-token.ts'
import { namedResource } from './resource-lookup.ts'
import type { Service } from './service.ts'
import { clientAt, type TokenServer } from './token-server.ts'

/** The identity provider of a company, and this program's client there. */
export interface IdentityProvider {
  /** Its issuer, whose metadata has the token endpoint. */
  readonly issuer?: string | undefined
  /** Its token endpoint, in the place of what the metadata says. */
  readonly tokenEndpoint?: string | undefined
  /** The client that the ID token was made for; with a secret or a key where the provider asks for a proof. */
  readonly clientId: string
  readonly clientSecret?: string | undefined
  readonly privateKey?: SigningKey | undefined
}

/** A provider that can be asked. */
export interface FoundProvider {
  /** The request as it is made there: errors and addresses are then about the provider, and not about the service. */
  readonly request: CredentialRequest
  readonly server: oauth.AuthorizationServer
  readonly client: OAuthClient
}

/**
 * Finds out where a provider is asked, and how this program proves itself there.
 *
 * @throws PentauthError `discovery_failed`, `unsafe_address`, `malformed_credential`, `registration_failed`, `temporarily_unavailable`.
 */
export async function findProvider(
  request: CredentialRequest,
  { issuer, tokenEndpoint, ...client }: IdentityProvider,
  source: string,
): Promise<FoundProvider> {
  const url = (issuer ?? tokenEndpoint) as string
  const there = { ...request, ...serviceOf(request.service, url, { issuer, tokenEndpoint }) }
  const checked = checkWorkloadClient(there, client, source, false)
  const server =
    tokenEndpoint === undefined
      ? await describedServer(there, url)
      : { issuer: issuer ?? new URL(tokenEndpoint).origin, token_endpoint: tokenEndpoint }
  const place: TokenServer =
    tokenEndpoint === undefined
      ? { server, resource: url, source: 'metadata' }
      : { server, resource: undefined, source: 'documented' }
  return { request: there, server, client: clientAt(there, place, checked) }
}

async function describedServer(request: CredentialRequest, issuer: string): Promise<oauth.AuthorizationServer> {
  const about = { what: 'authorization server metadata', url: issuer }
  const hint = 'Correct the issuer of the identity provider, or name its tokenEndpoint.'
  const described = await readServer(request, issuer)
  if (!described) throw failed(request, about, 'cannot be found', hint)
  if (described.server.token_endpoint !== undefined) return described.server
  throw failed(request, about, 'has no "token_endpoint"', hint)
}

/** What a provider is as a service: its addresses are the program's own word. */
function serviceOf({ id }: Service, url: string, named: Pick<IdentityProvider, 'issuer' | 'tokenEndpoint'>) {
  const { host } = new URL(url)
  const own = Object.entries(named).filter(([, value]) => value !== undefined)
  const resource = { url, protocol: 'rest', accessToken: true } as const
  const service: Service = {
    ...{ id, name: host, resources: { provider: resource }, errors: [], recommendations: [] },
    oauth: { ...Object.fromEntries(own), grants: [], tokenEndpointAuthMethod: 'client_secret_basic' },
    links: { docs: { where: `the identity provider ${host}` } },
  }
  return { service, resource: namedResource('provider', resource) }
}
