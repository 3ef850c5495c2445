import type { CredentialSource } from './credential-source.ts'
import type { KeyReading } from './key-ring.ts'
import { type KeySourceOptions, keySource } from './key-source.ts'
import { isThenable } from './thenable.ts'

export interface ApiKeyOptions extends Pick<KeySourceOptions, 'refusedGrace'> {
  /** Name of the source in messages; `option "credential"` unless given. */
  readonly name?: string | undefined
}

/**
 * An API key by value, a pair of them for a rotation, or a function that is called once and again after a refusal.
 *
 * Of a pair the first is used until the service refuses it, then the second; a blank one counts as not there. A function is called
 * once for all callers who need a key at that moment.
 *
 * @throws PentauthError (when first used) `malformed_credential`, `wrong_credential`; `temporarily_unavailable` while a refused key's
 *   successor is awaited (`refusedGrace`).
 * @example
 * ```ts
 * const auth = createAuth(pendra, { credential: apiKey(() => process.env.PENDRA_API_KEY) })
 * ```
 */
export function apiKey(
  value:
    | string
    | readonly [current: string | undefined, next?: string | undefined]
    | (() => string | undefined | Promise<string | undefined>),
  options: ApiKeyOptions = {},
): CredentialSource {
  const { name = 'option "credential"', ...rest } = options
  if (typeof value === 'function') return keySource(name, () => given(value()), { ...rest, reads: 'after-refusal' })
  if (typeof value === 'string') return keySource(name, () => value, rest)
  return keySource(name, () => pair(name, value), rest)
}

function given<T>(found: T | Promise<T>): KeyReading | Promise<KeyReading> {
  if (isThenable(found)) return Promise.resolve(found).then((value) => given(value))
  return found === undefined ? { absent: 'the function gave nothing' } : (found as KeyReading)
}

const places = ['first', 'second']

function pair(name: string, values: readonly (string | undefined)[]): { value: string; source: string }[] {
  // JavaScript callers may give anything; the check of the key says what is wrong with it.
  if (!Array.isArray(values)) return [{ value: values as never, source: name }]
  const placed = values.map((value, index) => ({
    value: value as string,
    source: `${name} (${places[index] ?? `${index + 1}th`} key)`,
  }))
  const held = placed.filter(({ value }) => value !== undefined && value !== null && String(value).trim() !== '')
  return held.length > 0 ? held : [{ value: '', source: placed[0]?.source ?? name }]
}
