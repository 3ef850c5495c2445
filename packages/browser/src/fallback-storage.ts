import { memoryLock, memoryStore, PentauthError, type StoreEvent } from '@pentauth/core'
import type { DefaultStorage, LastingStore, StoreListener } from './lasting-store.ts'
import { tabStore } from './session-storage-store.ts'
import { insteadPrefix, troubleOf } from './storage-trouble.ts'

/** What takes the place of the best storage, which is in trouble: another one that outlives the page, or memory. */
export async function fallback(
  best: LastingStore,
  trouble: unknown,
  onEvent: StoreListener | undefined,
): Promise<DefaultStorage> {
  const next = tabStore(insteadPrefix)
  const worse = await troubleOf(next)
  const memory: DefaultStorage = { keys: async () => [], ...memoryStore(), withLock: memoryLock() }
  const chosen = worse === undefined ? next : memory
  const tell = (store: string, why: unknown) => {
    const reason = PentauthError.isInstance(why) ? why.message : String(why)
    const event: StoreEvent = { type: 'store_replaced', store, by: chosen.name ?? 'memory', reason }
    // A listener that fails is no trouble of the store's.
    if (onEvent)
      void Promise.resolve(event)
        .then(onEvent)
        .catch(() => undefined)
  }
  tell(best.name, trouble)
  if (worse !== undefined) tell(next.name, worse)
  return chosen
}
