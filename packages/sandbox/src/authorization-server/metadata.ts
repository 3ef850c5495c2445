import type { Outside } from '../addresses.ts'
import type { Operation } from '../service.ts'
import { assertionAlgorithms } from './client-assertion.ts'
import { grantTypesOf } from './client-metadata.ts'
import { placeOf, type ServerContext } from './configuration.ts'
import type { Signing } from './signing.ts'
import { workloadGrants } from './workload-identity.ts'

// Found for Pensyve; assumed for the others.
const cached = { 'cache-control': 'public, max-age=3600' }

/** The metadata of the server (RFC 8414), of its resources (RFC 9728), and its public keys. */
export function metadataOperations(context: ServerContext, signing: Signing): Operation[] {
  const { configuration } = context
  const { issuer, endpoints, resources } = configuration
  const get = (name: string, url: string, answer: Operation['answer']): Operation => ({
    name,
    method: 'GET',
    ...placeOf(url),
    answer,
  })
  return [
    get('authorization_server_metadata', `${issuer}/.well-known/oauth-authorization-server`, ({ outside }) =>
      Response.json(serverMetadata(context, outside), { headers: cached }),
    ),
    ...resources.flatMap(({ url, metadata }) =>
      metadata.map((address) =>
        get('protected_resource_metadata', address, ({ outside }) =>
          Response.json(resourceMetadata(context, url, outside), { headers: cached }),
        ),
      ),
    ),
    ...(endpoints.jwks === undefined
      ? []
      : [get('jwks', endpoints.jwks, async () => Response.json(await signing.keySet(), { headers: cached }))]),
  ]
}

/** The places where clients look for metadata and find none: with a name, so that looking there is nothing unexpected. */
export function metadataProbes(origins: readonly string[]): Operation[] {
  const answer = (): Response => Response.json({ error: 'not_found' }, { status: 404 })
  return origins.map((origin) => ({ name: 'no_metadata', method: 'GET', origin, path: '/.well-known/*', answer }))
}

function serverMetadata({ configuration, options }: ServerContext, outside: Outside): unknown {
  const { issuer, endpoints, authMethods, advertisedScopes } = configuration
  const { revoke, jwks } = endpoints
  const scopes = advertisedScopes.length === 0 ? {} : { scopes_supported: advertisedScopes }
  return {
    issuer: outside(issuer),
    authorization_endpoint: outside(endpoints.authorize),
    token_endpoint: outside(endpoints.token),
    registration_endpoint: outside(endpoints.register),
    ...(revoke === undefined
      ? {}
      : { revocation_endpoint: outside(revoke), revocation_endpoint_auth_methods_supported: authMethods }),
    ...(jwks === undefined ? {} : { jwks_uri: outside(jwks) }),
    ...(options.deviceAuthorization === true
      ? { device_authorization_endpoint: outside(endpoints.deviceAuthorization) }
      : {}),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: [
      ...grantTypesOf(options.deviceAuthorization),
      ...(options.workloadIdentity === undefined ? [] : ['client_credentials', ...workloadGrants]),
    ],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: authMethods,
    ...(authMethods.includes('private_key_jwt')
      ? { token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms }
      : {}),
    ...scopes,
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
  }
}

function resourceMetadata({ configuration }: ServerContext, url: string, outside: Outside): unknown {
  const { issuer, advertisedScopes, title } = configuration
  return {
    resource: outside(url),
    authorization_servers: [outside(issuer)],
    ...(advertisedScopes.length === 0 ? {} : { scopes_supported: advertisedScopes }),
    bearer_methods_supported: ['header'],
    resource_name: title,
  }
}
