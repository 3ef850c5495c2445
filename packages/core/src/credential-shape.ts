import type { Service } from './service.ts'

interface KnownPrefix {
  readonly prefix: string
  readonly owner: string
  readonly what: 'API key' | 'client ID' | 'client secret'
}

/**
 * Prefixes by which a credential that was put in the wrong place is recognised, the longest first.
 *
 * Only these few words and not the definitions, so that an application bundles just the services it uses.
 */
const knownPrefixes: readonly KnownPrefix[] = [
  { prefix: 'pendium_', owner: 'Pendium', what: 'API key' },
  { prefix: 'pdr_sk_', owner: 'Pendra', what: 'API key' },
  { prefix: 'psy_', owner: 'Pensyve', what: 'API key' },
  { prefix: 'ptgc_', owner: 'Pentographer', what: 'client ID' },
  { prefix: 'ptgs_', owner: 'Pentographer', what: 'client secret' },
  { prefix: 'ptg_', owner: 'Pentographer', what: 'API key' },
  { prefix: 'sk-ant-', owner: 'Anthropic', what: 'API key' },
  { prefix: 'sk-proj-', owner: 'OpenAI', what: 'API key' },
]

/**
 * What a credential looks like when it is not the kind it is given as, such as `a Pentographer client secret ("ptgs_…")`.
 *
 * A prefix that the service's own definition has for that kind is never foreign: a gateway of one's own may share it.
 */
export function foreignLook(service: Service, what: KnownPrefix['what'], value: string): KnownPrefix | undefined {
  const { clientIdPrefix, clientSecretPrefix } = service.oauth ?? {}
  const own = { 'API key': service.apiKey?.prefix, 'client ID': clientIdPrefix, 'client secret': clientSecretPrefix }[
    what
  ]
  if (own !== undefined && value.startsWith(own)) return undefined
  const known = knownPrefixes.find(({ prefix }) => value.startsWith(prefix))
  return known && (known.owner.toLowerCase() !== service.id || known.what !== what) ? known : undefined
}

/** A known prefix in words. */
export function described({ prefix, owner, what }: KnownPrefix): string {
  return `looks like ${/^[AEIO]/.test(owner) ? 'an' : 'a'} ${owner} ${what} ("${prefix}…")`
}

/**
 * Says what makes a value useless as any credential, whatever the service; `undefined` when nothing does.
 *
 * `new Headers()` reports such a value with the value in its message, so it must be found before.
 */
export function shapeFlaw(value: string): string | undefined {
  if (value === '') return 'is empty'
  // Most are of these characters alone, and then only a placeholder: looking at them once keeps a start short.
  if (/^[\w-]+$/.test(value)) return isPlaceholder(value) ? 'is a placeholder' : undefined
  const odd = firstOddCharacter(value)
  if (/^bearer\s/i.test(value)) return 'begins with "Bearer "; give the bare credential'
  if (/^export\s|^[A-Z][A-Z0-9_]*(?:KEY|TOKEN|SECRET|ID)=/.test(value)) {
    return 'is a whole assignment; give only what stands after "="'
  }
  if (/^["'`]|["'`]$/.test(value)) return 'is wrapped in quotes; remove them'
  if (/^\$\{[^}]*\}$|^\$[A-Za-z_]\w*$/.test(value)) return 'is a variable reference that nothing replaced'
  return isPlaceholder(value) ? 'is a placeholder' : odd
}

const placeholders = new Set(['undefined', 'null', 'true', 'false', 'none', 'todo', 'changeme', 'secret'])

// Patterns only where a cheap look finds something: compiling them is what a start would pay for.
function isPlaceholder(value: string): boolean {
  const text = value.toLowerCase()
  return (
    placeholders.has(text) ||
    text.endsWith('...') ||
    text.endsWith('…') ||
    (text.startsWith('<') && text.indexOf('>') === text.length - 1) ||
    (text.endsWith('xxxx') && /^x+$|_x{6,}$/.test(text)) ||
    (text.includes('your') && /(?:^|[-_ ])your[-_ ].*(?:key|token|secret|client|here)/.test(text))
  )
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
