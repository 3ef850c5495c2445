import type { Lock } from './lock.ts'

/**
 * Where sessions and registrations are kept: text by name, in three methods, and what some stores can do beside them.
 *
 * Whoever implements one keeps the values from other people's eyes: they hold refresh tokens.
 */
export interface Store {
  /** The value, or `undefined` where there is none. */
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
  /** Removes the value; a name without one is no error. */
  delete(key: string): Promise<void>
  /** For people: what it is and where; absent for one of this process. */
  readonly name?: string
  /** The names that begin so, in any order; absent where the store cannot list them. */
  keys?(prefix: string): Promise<readonly string[]>
  /** A lock that reaches as far as the store does, used where none is given; absent for a store of one process. */
  readonly withLock?: Lock
  /** Tells the names of what others write and delete, such as another tab; returns how to stop. Absent where the store is not told. */
  watch?(listener: (key: string) => void): () => void
}

/**
 * A store that lasts as long as the process.
 *
 * @example
 * ```ts
 * const store = memoryStore()
 * await store.set('a', 'one')
 * console.log(await store.get('a')) // one
 * ```
 */
export function memoryStore(): Store {
  const values = new Map<string, string>()
  return {
    get: async (key) => values.get(key),
    set: async (key, value) => void values.set(key, value),
    delete: async (key) => void values.delete(key),
    keys: async (prefix) => [...values.keys()].filter((key) => key.startsWith(prefix)),
  }
}
