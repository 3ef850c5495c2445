/**
 * Where sessions and registrations are kept: text by name, in three methods.
 *
 * Whoever implements one keeps the values from other people's eyes: they hold refresh tokens.
 */
export interface Store {
  /** The value, or `undefined` where there is none. */
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
  /** Removes the value; a name without one is no error. */
  delete(key: string): Promise<void>
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
  }
}
