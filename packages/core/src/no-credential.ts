import type { CredentialRequest } from './credential-source.ts'
import { PentauthError, type Tried } from './errors.ts'
import type { NamedResource } from './resource-lookup.ts'
import type { CredentialKind } from './service.ts'
import { inWords } from './service-link.ts'

/** Whether a resource takes that kind of credential at all. */
export function accepts(resource: NamedResource, kind: CredentialKind): boolean {
  return kind === 'api-key' ? Boolean(resource.apiKey?.length) : Boolean(resource.accessToken)
}

/** The error for a chain that ended without a credential: each link, what was looked at, what to do next. */
export function noCredential({ service, resource }: CredentialRequest, tried: readonly Tried[]): PentauthError {
  const rows = tried.map(({ source, result, next }) => `  - ${source}: ${result}${next ? `; ${next}` : ''}\n`)
  const { keys, clients, docs } = service.links
  const ways = [
    accepts(resource, 'api-key') ? `an API key at ${inWords(keys ?? docs)}` : '',
    accepts(resource, 'access-token') && clients ? `an OAuth client at ${inWords(clients)}` : '',
  ].filter(Boolean)
  const notice = service.notice && !resource.relocated ? ` ${service.notice}` : ''
  return new PentauthError({
    code: 'no_credential',
    message: `No credential for ${service.name} ${resource.name}. Tried:\n${rows.join('')}`,
    service: service.id,
    hint: (ways.length > 0 ? `Make ${ways.join(', or ')}.` : 'It takes access tokens only (OAuth).') + notice,
    link: (keys ?? docs).url ?? docs.url,
    tried,
  })
}
