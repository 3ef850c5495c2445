import { memoryLock } from '@pentauth/core'
import type { LastingStore } from './lasting-store.ts'
import { webStorage } from './web-storage.ts'

/** One for all of this page, as the storage is. */
let lock: ReturnType<typeof memoryLock> | undefined

/**
 * Keeps sessions in `sessionStorage`, for one tab and after its reload, as plain text.
 *
 * Any script of the page can read it. Other tabs have to sign in by themselves; a tab that was duplicated has a copy of the same
 * refresh token, which many servers take only once.
 *
 * @throws PentauthError (when used) `store_failed`: there is no sessionStorage, the browser blocks it, or it is full.
 * @example
 * ```ts
 * const store = sessionStorageStore()
 * await store.set('a', 'one')
 * ```
 */
export function sessionStorageStore(): LastingStore {
  return tabStore()
}

/** @param prefix of the names in it */
export function tabStore(prefix?: string): LastingStore {
  const withLock: LastingStore['withLock'] = (name, run) => {
    lock ??= memoryLock()
    return lock((prefix ?? '') + name, run)
  }
  return webStorage('sessionStorage', { withLock, held: new Map() }, prefix)
}
