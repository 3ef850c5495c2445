import type * as oauth from 'oauth4webapi'
import type { Chosen, DiscoverOptions } from './discovered.ts'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { rulesOf } from './metadata.ts'
import { shownAddress } from './shown-address.ts'

/**
 * The server of the definition, where none has metadata.
 *
 * @throws PentauthError `discovery_failed`.
 */
export function documentedServer(flow: Flow, options: DiscoverOptions, isOwn: boolean): Chosen {
  const { service, resource } = flow
  const server = isOwn ? serverIn(flow, options) : undefined
  if (server) return { server, source: 'documented', lifetime: 5 * 60_000 }
  throw new PentauthError({
    code: 'discovery_failed',
    message: `${service.name}: no authorization server is known for ${shownAddress(new URL(resource.url))}, neither by metadata nor by the definition.`,
    service: service.id,
    hint: 'Check the URL, and whether the service signs people in at all.',
    link: service.links.docs.url,
  })
}

/** What the definition says, where the service itself says nothing. */
function serverIn({ service }: Flow, { way }: DiscoverOptions): oauth.AuthorizationServer | undefined {
  const rules = rulesOf(service)
  const { authorizationEndpoint, tokenEndpoint, registrationEndpoint, revocationEndpoint } = rules
  const { deviceAuthorizationEndpoint } = rules
  const entry = { redirect: authorizationEndpoint, device: deviceAuthorizationEndpoint, token: tokenEndpoint }[
    way ?? 'redirect'
  ]
  if (entry === undefined || tokenEndpoint === undefined) return undefined
  return Object.freeze(
    Object.assign(Object.create(null), {
      issuer: rules.issuer ?? new URL(tokenEndpoint).origin,
      authorization_endpoint: authorizationEndpoint,
      token_endpoint: tokenEndpoint,
      ...(registrationEndpoint === undefined ? {} : { registration_endpoint: registrationEndpoint }),
      ...(revocationEndpoint === undefined ? {} : { revocation_endpoint: revocationEndpoint }),
      ...(way === 'device' ? { device_authorization_endpoint: deviceAuthorizationEndpoint } : {}),
      ...(rules.scopes ? { scopes_supported: [...rules.scopes] } : {}),
      grant_types_supported: [...(rules.grants ?? [])],
      token_endpoint_auth_methods_supported: [rules.tokenEndpointAuthMethod ?? 'none'],
      code_challenge_methods_supported: ['S256'],
    }),
  )
}
