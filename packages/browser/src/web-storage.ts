import type { Doing } from './doing.ts'
import { failure, lost } from './explained-failure.ts'
import type { LastingStore } from './lasting-store.ts'
import type { Seat } from './seat.ts'
import type { WebLock } from './web-lock.ts'

/** Does something with a storage, which may be blocked, missing or full. */
async function using<T>(kind: WebStorageKind, what: Doing, work: (storage: Storage) => T): Promise<T> {
  try {
    return work(globalThis[kind])
  } catch (error) {
    throw await failure(kind, what, error)
  }
}

export type WebStorageKind = 'localStorage' | 'sessionStorage'

/** A store in one of the two storages that a browser has for text. */
export function webStorage(kind: WebStorageKind, { withLock, held }: WebLock, prefix = 'pentauth/'): LastingStore {
  const write = (key: string, work: (storage: Storage) => void) => {
    const token = held.get(key)
    return using(kind, 'written', (storage) => {
      // Nothing of another tab comes between this look and the write.
      if (token !== undefined && storage.getItem(seatOf(key)) !== token) throw lost
      work(storage)
    })
  }
  return {
    name: kind,
    withLock,
    get: (key) => using(kind, 'read', (storage) => storage.getItem(prefix + key) ?? undefined),
    set: (key, value) => write(key, (storage) => storage.setItem(prefix + key, value)),
    delete: (key) => write(key, (storage) => storage.removeItem(prefix + key)),
    keys: (beginning) =>
      using(kind, 'read', (storage) =>
        Object.keys(storage)
          .filter((key) => key.startsWith(prefix + beginning))
          .map((key) => key.slice(prefix.length)),
      ),
  }
}

const seatOf = (lock: string) => `pentauth-lock/${lock}`

/** The seats of locks in such a storage. */
export function seatsIn(kind: WebStorageKind): Seat {
  return (lock, next) =>
    using(kind, 'locked', (storage) => {
      const holder = next(storage.getItem(seatOf(lock)) ?? undefined)
      if (holder === undefined) storage.removeItem(seatOf(lock))
      else storage.setItem(seatOf(lock), holder)
      return holder
    })
}
