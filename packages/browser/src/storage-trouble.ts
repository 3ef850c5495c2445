import type { LastingStore } from './lasting-store.ts'

/** Why a store does not keep what is written to it, if it does not; one that is full and has a session is still the one that has it. */
export async function troubleOf(store: LastingStore): Promise<unknown> {
  const probe = 'probe'
  try {
    if ((await store.keys('')).length) return undefined
    await store.set(probe, probe)
    const found = await store.get(probe)
    await store.delete(probe)
    return found === probe ? undefined : 'It does not keep what is written to it.'
  } catch (error) {
    return error
  }
}

/** What names in sessionStorage begin with where it takes the place of IndexedDB. */
export const insteadPrefix = 'pentauth-instead/'
