import { described, foreignLook, shapeFlaw } from './credential-shape.ts'
import { PentauthError } from './errors.ts'
import type { Resource, Service } from './service.ts'
import { inWords } from './service-link.ts'

/** A usable key, and what looks odd about it without being certainly wrong. */
export interface CheckedKey {
  readonly key: string
  readonly suspicion: string | undefined
}

/**
 * Checks an API key before it is used: what is certainly wrong is an error that names the source, what is only unusual a suspicion.
 *
 * White space around the key is removed. The error never holds the key.
 *
 * @param source where the key came from, for the message: `PENSYVE_API_KEY`, `.env:3`
 * @throws PentauthError `malformed_credential` for a key that is empty, wrapped, a placeholder, cannot travel in a header or lacks
 *   its documented prefix; `wrong_credential` for a client secret or another service's key.
 */
export function checkKey(
  { service, resource }: { readonly service: Service; readonly resource: Resource },
  raw: string,
  source: string,
): CheckedKey {
  const key = typeof raw === 'string' ? raw.trim() : ''
  const flaw = typeof raw === 'string' ? shapeFlaw(key) : 'is not a string'
  if (flaw) throw keyError(service, source, 'malformed_credential', flaw)

  const { prefix, prefixSource, pattern } = service.apiKey ?? {}
  // A deployment of one's own may have keys of its own.
  const strict = !resource.relocated
  const foreign = foreignLook(service, 'API key', key)
  if (foreign) {
    if (strict) throw keyError(service, source, 'wrong_credential', described(foreign), foreign.what !== 'API key')
    return { key, suspicion: `${source} ${described(foreign)}` }
  }
  if (prefix !== undefined && !key.startsWith(prefix)) {
    const complaint = `does not begin with "${prefix}"`
    if (strict && prefixSource === 'documented') throw keyError(service, source, 'malformed_credential', complaint)
    return { key, suspicion: `${source} ${complaint}, as ${service.name} keys usually do` }
  }
  // Cut or padded keys reach the service, which has the last word: patterns are narrower than what a page promises.
  const usual = pattern === undefined || new RegExp(pattern).test(key)
  return {
    key,
    suspicion: usual ? undefined : `${source} does not have the usual form of a ${service.name} key (cut off?)`,
  }
}

function keyError(
  service: Service,
  source: string,
  code: 'malformed_credential' | 'wrong_credential',
  flaw: string,
  isClients = false,
): PentauthError {
  const { keys, docs } = service.links
  const page = keys ?? docs
  const make = `Make a key at ${inWords(page)}${service.apiKey ? ` and set ${service.apiKey.env}` : ''}.`
  const useClient = 'Client IDs and secrets go to clientCredentials({ clientId, clientSecret }).'
  return new PentauthError({
    code,
    message: `The ${service.name} API key from ${source} ${flaw}.`,
    service: service.id,
    hint: isClients ? `${useClient} ${make}` : make,
    link: page.url ?? docs.url,
  })
}
