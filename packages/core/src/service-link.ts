import type { ServiceLink } from './service.ts'

/** A page in words for a message: where it is, and its URL where there is one. */
export function inWords({ where, url }: ServiceLink): string {
  return url ? `${where} (${url})` : where
}
