import type { Lock, Store, StoreEvent } from '@pentauth/core'

/** A store of the browser that outlives the page. */
export interface LastingStore extends Store {
  /** For people, such as `IndexedDB "pentauth"`. */
  readonly name: string
  keys(prefix: string): Promise<readonly string[]>
  readonly withLock: Lock
}

/** A store of which it is not known yet how long it lasts. */
export type DefaultStorage = Store & Omit<LastingStore, 'name'>

/** Told when a storage takes the place of a better one. */
export type StoreListener = (event: StoreEvent) => unknown
