import { type NamedResource, resourceLookup } from './resource-lookup.ts'
import type { Service } from './service.ts'
import { uncovered } from './uncovered.ts'

export type { NamedResource } from './resource-lookup.ts'

/**
 * Returns the resource that covers a URL: same origin, longest prefix, on a path boundary.
 *
 * @throws PentauthError `url_not_covered` when no resource covers the URL, `invalid_url` when it is not an absolute http(s) URL.
 * @example
 * ```ts
 * resourceFor(pendra, 'https://api.pendra.ai/v1/messages').name // 'messages'
 * ```
 */
export function resourceFor(service: Service, url: string | URL): NamedResource {
  const resource = resourceLookup(service)(url)
  if (resource) return resource
  throw uncovered(service, url)
}
