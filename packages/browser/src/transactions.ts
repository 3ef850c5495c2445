import type { Store } from '@pentauth/core'

// A sign-in waits in the storage while the person is away, or in `sessionStorage` where the storage ends with the page.

/** What the page wants to know when the person is back. */
export interface Return {
  readonly returnTo: string
  readonly way: 'redirect' | 'popup'
}

/** A store whose sign-ins that wait survive a redirect. */
export async function survivingStore(store: Store): Promise<Store> {
  // The first use decides where a storage is that may have to be replaced.
  await store.get('sign-ins')
  if (store.name !== undefined) return store
  const { sessionStorageStore } = await import('./session-storage-store.ts')
  const waiting = sessionStorageStore()
  const of = (key: string) => (key === 'sign-ins' || key.startsWith('return/') ? waiting : store)
  return {
    ...store,
    get: (key) => of(key).get(key),
    set: (key, value) => of(key).set(key, value),
    delete: (key) => of(key).delete(key),
  }
}

export async function saveReturn(store: Store, state: string, wanted: Return): Promise<void> {
  await store.set(`return/${state}`, JSON.stringify(wanted))
}

/** What was saved for that sign-in, once; `undefined` where it began in another window that shares no storage. */
export async function takeReturn(store: Store, state: string | null): Promise<Partial<Return> | undefined> {
  const key = `return/${state}`
  const text = await store.get(key)
  if (text === undefined) return undefined
  await store.delete(key)
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    return undefined
  }
}
