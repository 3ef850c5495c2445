import type { Store } from '@pentauth/core'
import { loaded } from './loaded.ts'

// A sign-in waits in the storage while the person is away, or in `sessionStorage` where the storage ends with the page.

/** What the page wants to know when the person is back. */
export interface Return {
  readonly returnTo: string
  readonly way: 'redirect' | 'popup'
}

const pending = 'sign-ins'
const prefix = 'return/'

/** Finds which store keeps a value, so that sign-ins that wait survive a redirect whatever the storage. */
export function waitingPlace(storage: Store): (key: string) => Promise<Store> {
  let waiting: Promise<Store> | undefined
  const find = async () => {
    // The first use decides where a storage is that may have to be replaced.
    await storage.get(pending)
    return storage.name === undefined
      ? (await loaded(import('./session-storage-store.ts'))).sessionStorageStore()
      : storage
  }
  return async (key) => {
    if (key !== pending && !key.startsWith(prefix)) return storage
    // A storage that failed may be well again with the next use.
    waiting ??= find().catch((error) => {
      waiting = undefined
      throw error
    })
    return waiting
  }
}

/** Keeps it until the person is back, and lets go of what nobody came back for. */
export async function saveReturn(store: Store, state: string, wanted: Return): Promise<void> {
  try {
    // In this order: what is found here and waits no more is over, as core says by its own record.
    const kept = (await store.keys?.(prefix)) ?? []
    const waiting = await store.get(pending)
    for (const key of kept) if (!waiting?.includes(key.slice(prefix.length))) await store.delete(key)
    await store.set(prefix + state, JSON.stringify(wanted))
  } catch {
    // Without it the sign-in is finished all the same, and leads to `/`.
  }
}

/** What was saved for that sign-in; `undefined` where it began in another window that shares no storage. */
export async function findReturn(store: Store, state: string | null): Promise<Partial<Return> | undefined> {
  try {
    return JSON.parse((await store.get(prefix + state)) as string) ?? undefined
  } catch {
    return undefined
  }
}

/** Forgets what was saved for a sign-in that is over. */
export async function endReturn(store: Store, state: string | null): Promise<void> {
  await store.delete(prefix + state).catch(() => undefined)
}
