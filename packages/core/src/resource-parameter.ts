import { rulesOf } from './metadata.ts'
import type { Service } from './service.ts'

/** What a request says as `resource` (RFC 8707); nothing where the definition says that the server refuses it. */
export function resourceParameter(service: Service, resource: string | undefined): string | undefined {
  return rulesOf(service).omitResourceParameter === true ? undefined : resource
}
