import { PentauthError } from '@pentauth/core'
import { type Environment, own, variableIn } from './environment.ts'
import { looksLikeKey } from './mistaken-key.ts'

export interface ExpandOptions {
  /** The environment to look into; `process.env` unless given. */
  readonly env?: Environment | undefined
  /** Where the text stands, for messages: `config.json`, `PENSYVE_BASE_URL`. */
  readonly where?: string | undefined
}

/**
 * A configuration value with `${NAME}` and `${NAME:-default}` replaced by environment variables.
 *
 * A default also stands in for a blank variable. Everything else stays as it is, `$NAME` without braces and what the variables hold
 * included; references do not nest.
 *
 * @throws PentauthError `invalid_option` for a variable that is missing or blank and has no default, and for a `${` that is neither
 *   form. The message names the variable and the place, never a value.
 * @example
 * ```ts
 * const env = { TEAM: 'blue' }
 * console.log(expandVariables('/run/secrets/${TEAM}/${KEY:-pensyve}', { env })) // /run/secrets/blue/pensyve
 * ```
 */
export function expandVariables(text: string, options: ExpandOptions = {}): string {
  const { env = process.env, where = 'The text' } = own(options)
  return expand(text, where, (name) => variableIn(env, name)).text
}

export interface Expanded {
  readonly text: string
  /** What took part, to be put behind the place in messages: ` (from TEAM_KEY)`, else empty. */
  readonly from: string
}

/** Replaces references by what `look` finds, and says which names took part. */
export function expand(text: string, where: string, look: (name: string) => string | undefined): Expanded {
  // JavaScript callers may give anything, and most values hold no reference.
  if (typeof text !== 'string' || !text.includes('${')) return { text, from: '' }
  const origins = new Set<string>()
  // A replacement is not looked at again, so a value may hold "${" and no reference can run in circles.
  const replaced = text.replace(/\$\{([^}]*)(\}?)/g, (_, inside: string, end: string) => {
    const [, name, fallback] = (end && /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(inside)) || []
    if (name === undefined || fallback?.includes('${') || looksLikeKey(name)) throw noReference(where)
    const value = look(name)
    // What an environment without a prototype of its own would find there is no variable.
    if (typeof value === 'string' && value.trim()) {
      origins.add(name)
      return value
    }
    if (fallback === undefined) throw missing(where, name, typeof value === 'string' ? 'set but blank' : 'not set')
    origins.add(`the default for ${name}`)
    return fallback
  })
  return { text: replaced, from: ` (from ${[...origins].join(' and ')})` }
}

function missing(where: string, name: string, why: string): PentauthError {
  return new PentauthError({
    code: 'invalid_option',
    message: `${where} refers to \${${name}}, which is ${why}.`,
    hint: `Set ${name}, or give a default: \${${name}:-default}.`,
  })
}

function noReference(where: string): PentauthError {
  return new PentauthError({
    code: 'invalid_option',
    message: `${where} holds a "\${" that is neither \${NAME} nor \${NAME:-default}.`,
    hint: 'References do not nest. Put a value that holds "${" itself into a variable of its own and refer to that.',
  })
}
