import { PentauthError } from './errors.ts'
import type { Service } from './service.ts'

/**
 * Prefixes by which a credential that was put in the wrong place is recognised, the longest first.
 *
 * Only these few words and not the definitions, so that an application bundles just the services it uses.
 */
const knownPrefixes: readonly { prefix: string; owner: string; what: 'API key' | 'client ID' | 'client secret' }[] = [
  { prefix: 'pendium_', owner: 'pendium', what: 'API key' },
  { prefix: 'pdr_sk_', owner: 'pendra', what: 'API key' },
  { prefix: 'psy_', owner: 'pensyve', what: 'API key' },
  { prefix: 'ptgc_', owner: 'pentographer', what: 'client ID' },
  { prefix: 'ptgs_', owner: 'pentographer', what: 'client secret' },
  { prefix: 'ptg_', owner: 'pentographer', what: 'API key' },
  { prefix: 'sk-ant-', owner: 'anthropic', what: 'API key' },
  { prefix: 'sk-proj-', owner: 'openai', what: 'API key' },
]

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
export function checkKey(service: Service, raw: string, source: string): CheckedKey {
  const key = typeof raw === 'string' ? raw.trim() : ''
  const flaw = typeof raw === 'string' ? shapeFlaw(key) : 'is not a string'
  if (flaw) throw keyError(service, source, 'malformed_credential', flaw)

  const prefix = service.apiKey?.prefix
  const prefixMissing = prefix !== undefined && !key.startsWith(prefix)
  const foreign = knownPrefixes.find(({ prefix }) => key.startsWith(prefix))
  // A definition of one's own may have a known prefix, such as a self-hosted gateway under another id.
  const isOwn = prefix !== undefined && !prefixMissing
  const isForeign = foreign && !isOwn && (foreign.owner !== service.id || foreign.what !== 'API key')
  const strict = !service.relocated

  if (isForeign) {
    const whose =
      foreign.owner === service.id
        ? `a ${foreign.what}`
        : `${/^[aeiou]/.test(foreign.owner) ? 'an' : 'a'} ${foreign.owner} ${foreign.what}`
    const complaint = `looks like ${whose} ("${foreign.prefix}…")`
    if (strict) throw keyError(service, source, 'wrong_credential', complaint, foreign.what)
    return { key, suspicion: `${source} ${complaint}` }
  }
  if (prefixMissing) {
    const complaint = `does not begin with "${prefix}"`
    if (strict && service.apiKey?.prefixSource === 'documented') {
      throw keyError(service, source, 'malformed_credential', complaint)
    }
    return { key, suspicion: `${source} ${complaint}, as ${service.name} keys usually do` }
  }
  const pattern = service.apiKey?.pattern
  const unusual = pattern !== undefined && !new RegExp(pattern).test(key)
  // Cut or padded keys reach the service, which has the last word: patterns are narrower than what a page promises.
  return {
    key,
    suspicion: unusual ? `${source} does not have the usual form of a ${service.name} key (cut off?)` : undefined,
  }
}

/**
 * Says what makes a value useless as any credential, whatever the service; `undefined` when nothing does.
 *
 * `new Headers()` reports such a value with the value in its message, so it must be found before.
 */
export function shapeFlaw(value: string): string | undefined {
  if (value === '') return 'is empty'
  const odd = firstOddCharacter(value)
  if (/^bearer\s/i.test(value)) return 'begins with "Bearer "; give the bare credential'
  if (/^export\s|^[A-Z][A-Z0-9_]*=(?!=*$)/.test(value)) return 'is a whole assignment; give only what stands after "="'
  if (/^["'`]|["'`]$/.test(value)) return 'is wrapped in quotes; remove them'
  if (/^\$\{?\w+/.test(value)) return 'is a variable reference that nothing replaced'
  if (
    /^(?:undefined|null|true|false|none|todo|changeme|secret)$|your[-_ ].*(?:key|token|secret|client|here)|<[^>]*>|\.\.\.$|…$|^x{4,}$|_x{6,}$/i.test(
      value,
    )
  ) {
    return 'is a placeholder'
  }
  return odd
}

function firstOddCharacter(value: string): string | undefined {
  let position = 0
  for (const character of value) {
    position++
    const code = character.codePointAt(0) as number
    if (code < 0x21 || code > 0x7e) {
      const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
      return `holds a character that cannot travel in a header (${name} at position ${position})`
    }
  }
  return undefined
}

function keyError(
  service: Service,
  source: string,
  code: 'malformed_credential' | 'wrong_credential',
  flaw: string,
  found?: 'API key' | 'client ID' | 'client secret',
): PentauthError {
  const { keys, docs } = service.links
  const page = keys ?? docs
  const make = `Make a key at ${page.where}${page.url ? ` (${page.url})` : ''}${service.apiKey ? ` and set ${service.apiKey.env}` : ''}.`
  const useClient = 'Client IDs and secrets go to clientCredentials({ clientId, clientSecret }).'
  return new PentauthError({
    code,
    message: `The ${service.name} API key from ${source} ${flaw}.`,
    service: service.id,
    hint: found && found !== 'API key' ? `${useClient} ${make}` : make,
    link: page.url ?? docs.url,
  })
}
