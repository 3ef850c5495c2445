import { PentauthError, type Resource, type Service } from '@pentauth/core'
import { typed } from './words.ts'

/**
 * The address of the resource that is meant: the one of that name, else the first that speaks that protocol, else the first one.
 *
 * @throws PentauthError `invalid_option`.
 */
export function resourceUrl(
  { id, name, resources }: Service,
  wanted: string | undefined,
  protocol: Resource['protocol'],
): string {
  const all = Object.entries<Resource>(resources)
  const found =
    wanted === undefined
      ? (all.find(([, resource]) => resource.protocol === protocol) ?? all[0])
      : all.find(([own]) => own === wanted)
  if (found) return found[1].url
  throw new PentauthError({
    code: 'invalid_option',
    message: `${name} has no resource ${JSON.stringify(typed(String(wanted).slice(0, 60)))}.`,
    service: id,
    hint: `It has ${all.map(([own]) => own).join(', ')}.`,
  })
}
