import type { Credential } from './credential.ts'
import type { NamedResource } from './resource-lookup.ts'
import type { CredentialHeader } from './service.ts'

/** The headers that a kind of credential can travel in on a resource, the default first. */
export function allowedHeaders(resource: NamedResource, kind: Credential['kind']): readonly CredentialHeader[] {
  if (kind === 'api-key') return resource.apiKey ?? []
  return resource.accessToken ? ['authorization'] : []
}
