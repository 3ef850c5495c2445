import { type CredentialSource, keySource, PentauthError } from '@pentauth/core'
import { type Environment, own } from './environment.ts'
import { looksLikeKey } from './mistaken-key.ts'
import { keyReading, variableReading } from './variable-source.ts'
import { variables } from './variables.ts'

export interface EnvKeyOptions {
  /** The environment to read; `process.env` unless given. */
  readonly env?: Environment | undefined
}

/**
 * The API key in an environment variable of any name; read once, and again after a refusal.
 *
 * @throws PentauthError `invalid_option` for what is no name of a variable; (when first used) `malformed_credential`,
 *   `wrong_credential`. A variable that is not set or blank is no failure: a chain goes on.
 * @example
 * ```ts
 * const auth = createAuth(pensyve, { credential: envKey('TEAM_PENSYVE_KEY') })
 * ```
 */
export function envKey(name: string, options: EnvKeyOptions = {}): CredentialSource {
  const { env = process.env } = own(options)
  checkName(name, 'envKey', 'PENSYVE_API_KEY')
  const place = variables(env)
  const source = keySource(name, (service) => keyReading(place, name, service), variableReading)
  return { ...source, present: () => place.has(name) }
}

/**
 * Refuses what cannot be the name of a variable.
 *
 * @param where who was given it, for the message
 */
export function checkName(name: string, where: string, example: string): void {
  if (typeof name === 'string' && /^[A-Za-z_]\w*$/.test(name) && !looksLikeKey(name)) return
  throw new PentauthError({
    code: 'invalid_option',
    message: `${where} needs the name of an environment variable.`,
    hint: `Write ${where}('${example}'), not its value; a key itself goes to apiKey().`,
  })
}
