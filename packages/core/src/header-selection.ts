import type { Credential } from './credential.ts'
import { PentauthError } from './errors.ts'
import { withoutKeyLike } from './printable.ts'
import type { NamedResource } from './resource-for.ts'
import type { CredentialHeader, Service } from './service.ts'

/** Headers a credential can travel in on covered resources: the caller's own values there are dropped. */
export const credentialHeaderNames: readonly CredentialHeader[] = ['authorization', 'x-api-key']

/**
 * Chooses the one header a credential travels in on a resource.
 *
 * @param wanted the caller's choice, where the resource takes the key in either header
 * @throws PentauthError `credential_not_accepted` when the resource refuses that kind of credential or the wanted header.
 */
export function selectHeader(
  service: Service,
  resource: NamedResource,
  credential: Credential,
  wanted?: CredentialHeader,
): CredentialHeader {
  const allowed =
    credential.kind === 'api-key' ? (resource.apiKey ?? []) : resource.accessToken ? (['authorization'] as const) : []
  const header = wanted ?? allowed[0]
  if (header && allowed.includes(header)) return header
  throw notAccepted(service, resource, credential, allowed, wanted)
}

/**
 * The headers a request to a resource needs, as a fresh object with lower-case names: the credential's one header, and the
 * resource's extra ones.
 */
export function credentialHeaders(
  service: Service,
  resource: NamedResource,
  credential: Credential,
  wanted?: CredentialHeader,
): Record<string, string> {
  const header = selectHeader(service, resource, credential, wanted)
  const secret = credential.secret.reveal()
  const headers: Record<string, string> = {}
  for (const name of Object.keys(resource.headers)) headers[name] = resource.headers[name] as string
  headers[header] = header === 'authorization' ? `Bearer ${secret}` : secret
  return headers
}

/** The error about a credential that a resource does not take, or not in that header. */
export function notAccepted(
  service: Service,
  resource: NamedResource,
  credential: Pick<Credential, 'kind' | 'source'>,
  allowed: readonly CredentialHeader[] = [],
  wanted?: CredentialHeader,
): PentauthError {
  const kind = credential.kind === 'api-key' ? 'API key' : 'access token'
  const takesToken = resource.accessToken ? 'an access token (OAuth)' : undefined
  const takesKey = resource.apiKey?.length ? 'an API key' : undefined
  return new PentauthError({
    code: 'credential_not_accepted',
    message:
      allowed.length === 0
        ? `${service.name} ${resource.name} does not take an ${kind} (the one from ${credential.source}).`
        : `${service.name} ${resource.name} does not take an ${kind} in the header ${withoutKeyLike(JSON.stringify(wanted))}.`,
    service: service.id,
    hint:
      allowed.length === 0
        ? `It takes ${[takesToken, takesKey].filter(Boolean).join(' or ')}.`
        : `It takes ${allowed.join(' or ')}.`,
    link: service.links.docs.url,
  })
}
