import type { CredentialSource } from './credential-source.ts'
import type { KeyReading } from './key-ring.ts'
import { keySource } from './key-source.ts'
import { isThenable } from './thenable.ts'

/** The source of a key that can change: by value, a pair for a rotation, or a function. */
export function severalKeys(
  name: string,
  value: string | readonly (string | undefined)[] | (() => string | undefined | Promise<string | undefined>),
  refusedGrace: number | undefined,
): CredentialSource {
  if (typeof value === 'function')
    return keySource(name, () => given(value()), { refusedGrace, reads: 'after-refusal' })
  if (typeof value === 'string') return keySource(name, () => value, { refusedGrace })
  return keySource(name, () => pair(name, value), { refusedGrace })
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
