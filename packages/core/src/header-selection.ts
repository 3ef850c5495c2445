import { allowedHeaders } from './allowed-headers.ts'
import { type Credential, keyOf } from './credential.ts'
import { part } from './part.ts'
import type { NamedResource } from './resource-lookup.ts'
import type { CredentialHeader, Service } from './service.ts'

/** Headers a credential can travel in on covered resources, or its proof: the caller's own values there are dropped. */
export const credentialHeaderNames: readonly string[] = ['authorization', 'x-api-key', 'dpop']

/**
 * Chooses the one header a credential travels in on a resource; none where that refuses this kind of credential, or the wanted header.
 *
 * @param wanted the caller's choice, where the resource takes the key in either header
 */
export function selectHeader(
  resource: NamedResource,
  { kind }: Pick<Credential, 'kind'>,
  wanted?: CredentialHeader,
): CredentialHeader | undefined {
  const allowed = allowedHeaders(resource, kind)
  const header = wanted ?? allowed[0]
  return header && allowed.includes(header) ? header : undefined
}

/**
 * The headers a request to a resource needs, as a fresh object with lower-case names: the credential's one header, and the
 * resource's extra ones. None where the credential cannot travel there.
 */
export function credentialHeaders(
  resource: NamedResource,
  credential: Credential,
  wanted?: CredentialHeader,
): Record<string, string> | undefined {
  const header = selectHeader(resource, credential, wanted)
  if (!header) return undefined
  const secret = credential.secret.reveal()
  const headers: Record<string, string> = {}
  for (const name of Object.keys(resource.headers)) headers[name] = resource.headers[name] as string
  headers[header] = header === 'authorization' ? `${keyOf(credential) ? 'DPoP' : 'Bearer'} ${secret}` : secret
  return headers
}

/** Says, to those who can wait for it, why a credential cannot travel to a resource. */
export async function refuseCredential(
  service: Service,
  resource: NamedResource,
  credential: Pick<Credential, 'kind' | 'source'>,
  wanted?: CredentialHeader,
): Promise<never> {
  throw (await part(import('./not-accepted.ts'))).notAccepted(service, resource, credential, wanted)
}
