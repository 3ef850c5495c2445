import { indexedDBStore } from './indexed-db-store.ts'
import type { DefaultStorage, StoreListener } from './lasting-store.ts'
import { loaded } from './loaded.ts'
import { insteadPrefix, troubleOf } from './storage-trouble.ts'

/**
 * The storage where none is given: IndexedDB, else sessionStorage, else the memory of this page.
 *
 * Decided with the first use, by writing; it has a `name` from then on, unless it is memory.
 *
 * @param onEvent told `store_replaced` of each that cannot be used
 */
export function defaultStorage(onEvent?: StoreListener): DefaultStorage {
  let choosing: Promise<DefaultStorage> | undefined
  const chosen = async () => {
    choosing ??= choose(onEvent).catch((error) => {
      // A part of the program could not be loaded.
      choosing = undefined
      throw error
    })
    const found = await choosing
    if (found.name) Object.assign(store, { name: found.name })
    return found
  }
  const store: DefaultStorage = {
    get: async (key) => (await chosen()).get(key),
    set: async (key, value) => (await chosen()).set(key, value),
    delete: async (key) => (await chosen()).delete(key),
    keys: async (prefix) => (await chosen()).keys(prefix),
    withLock: async (name, run) => (await chosen()).withLock(name, run),
  }
  return store
}

async function choose(onEvent: StoreListener | undefined): Promise<DefaultStorage> {
  const best = indexedDBStore()
  const trouble = hasFallenBack() ? 'sessionStorage has what was saved in its place.' : await troubleOf(best)
  return trouble === undefined ? best : (await loaded(import('./fallback-storage.ts'))).fallback(best, trouble, onEvent)
}

/** A sign-in may have begun in this tab when another storage could not be used, and comes back now. */
function hasFallenBack(): boolean {
  try {
    return Object.keys(sessionStorage).some((key) => key.startsWith(insteadPrefix))
  } catch {
    return false
  }
}
