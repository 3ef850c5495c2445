import type { LastingStore } from './lasting-store.ts'
import { webLock } from './web-lock.ts'
import { seatsIn, webStorage } from './web-storage.ts'

/**
 * Keeps sessions in `localStorage`, for all tabs and until somebody deletes them, as plain text.
 *
 * The danger: refresh tokens lie there readable, for any script that ever runs on this origin, for extensions, and for who copies the
 * profile of the browser, also long after the page was closed. `indexedDBStore` lasts as long and keeps them encrypted: use this one only where
 * IndexedDB cannot be had.
 *
 * @throws PentauthError (when used) `store_failed`: there is no localStorage, the browser blocks it, it is full, or the lock was lost.
 * @example
 * ```ts
 * const store = dangerouslyLocalStorageStore()
 * await store.set('a', 'one')
 * ```
 */
export function dangerouslyLocalStorageStore(): LastingStore {
  return {
    ...webStorage('localStorage', webLock('pentauth-local/', seatsIn('localStorage')), prefix),
    // Other processes of the browser have a change a moment after they were told of it: this is the moment.
    watch(listener) {
      const changed = ({ storageArea, key }: StorageEvent) => {
        if (storageArea === localStorage && key?.startsWith(prefix)) listener(key.slice(prefix.length))
      }
      addEventListener('storage', changed)
      return () => removeEventListener('storage', changed)
    },
  }
}

const prefix = 'pentauth/'
