import { allowedHeaders } from './allowed-headers.ts'
import type { Credential } from './credential.ts'
import { PentauthError } from './errors.ts'
import { withoutKeyLike } from './printable.ts'
import type { NamedResource } from './resource-lookup.ts'
import type { CredentialHeader, Service } from './service.ts'

/** The error about a credential that a resource does not take, or not in that header. */
export function notAccepted(
  service: Service,
  resource: NamedResource,
  credential: Pick<Credential, 'kind' | 'source'>,
  wanted?: CredentialHeader,
): PentauthError {
  const allowed = allowedHeaders(resource, credential.kind)
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
