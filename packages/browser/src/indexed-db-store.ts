import type { Doing } from './doing.ts'
import { failure, lost } from './explained-failure.ts'
import type { LastingStore } from './lasting-store.ts'
import { webLock } from './web-lock.ts'

export interface IndexedDBStoreOptions {
  /** Of the database; `pentauth` unless given. */
  readonly name?: string | undefined
}

// One table: the key under `k`, values under `v` and their name, seats of locks under `l` and the name of the lock.
const table = 'records'
/** Milliseconds in which a browser answers that ever does. */
const longest = 10_000

/**
 * Keeps sessions in IndexedDB, for all tabs of a site and after a reload: values are encrypted with a key that no script can read out.
 *
 * That keeps tokens out of dumps, backups and the sight of who looks at the storage. It does not stop a script that runs in the page
 * (XSS): that can use the store as the page does, and no storage can change that. What cannot be decrypted (changed, moved to another
 * name, or its key was lost) counts as absent. `withLock` reaches all tabs: a holder that hangs for 40 s loses the lock, and cannot write
 * that name any more. Nothing is opened before the first use.
 *
 * @throws PentauthError (when used) `store_failed`: there is no IndexedDB, the browser blocks it or does not answer within 10 s, the site's
 *   share of storage is full, a newer version of the page uses the database, or the lock was lost.
 * @example
 * ```ts
 * const store = indexedDBStore()
 * await store.set('a', 'one')
 * console.log(await store.get('a'), await store.withLock('a', async () => 'alone')) // one alone
 * ```
 */
export function indexedDBStore({ name = 'pentauth' }: IndexedDBStoreOptions = {}): LastingStore {
  const label = `IndexedDB ${JSON.stringify(name)}`
  let opened: Promise<IDBDatabase> | undefined

  const open = async (): Promise<IDBDatabase> => {
    const request = globalThis.indexedDB.open(name, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(table)
    const database = await answer(request)
    // Somebody deletes it or brings a newer version, and waits for us; or the browser has closed it.
    database.onversionchange = database.onclose = () => {
      opened = undefined
      database.close()
    }
    return database
  }

  const attempt = async <T>(mode: IDBTransactionMode, work: (records: IDBObjectStore) => Promise<T>): Promise<T> => {
    opened ??= open()
    const transaction = (await opened).transaction(table, mode, { durability: 'strict' })
    const end = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve
      transaction.onabort = () => reject(transaction.error)
    })
    const [outcome] = await Promise.all([work(transaction.objectStore(table)), end])
    return outcome
  }

  /** One transaction, of which nothing is lost once it is done. */
  const transact = async <T>(what: Doing, work: (records: IDBObjectStore) => Promise<T>): Promise<T> => {
    const mode = what === 'read' ? 'readonly' : 'readwrite'
    try {
      return await inTime(
        attempt(mode, work).catch((error) => {
          if (error === lost) throw error
          // The connection may have been closed under our hands.
          opened = undefined
          return attempt(mode, work)
        }),
      )
    } catch (error) {
      throw await failure(label, what, error)
    }
  }

  const { withLock, held } = webLock(`pentauth/${name}/`, (lock, next) =>
    transact('locked', async (records) => {
      const at = `l${lock}`
      const found: string | undefined = await answer(records.get(at))
      const holder = next(found)
      if (holder === undefined) records.delete(at)
      else if (holder !== found) records.put(holder, at)
      return holder
    }),
  )

  /** Changes something under a name, unless the lock of that name was lost meanwhile. */
  const change = <T>(key: string, work: (records: IDBObjectStore) => Promise<T>): Promise<T> => {
    const token = held.get(key)
    return transact('written', async (records) => {
      if (token && (await answer(records.get(`l${key}`))) !== token) throw lost
      return work(records)
    })
  }

  return {
    name: label,
    withLock,
    get: async (key) => {
      const [secret, sealed] = await transact('read', (records) =>
        Promise.all([answer(records.get('k')), answer(records.get(`v${key}`))]),
      )
      try {
        const data = await crypto.subtle.decrypt(cipher(sealed.iv, key), secret, sealed.data)
        return new TextDecoder('utf-8', { ignoreBOM: true }).decode(data)
      } catch {
        return undefined
      }
    },
    set: async (key, value) => {
      for (let isDone = false; !isDone; ) {
        const found = await transact('read', (records) => answer(records.get('k')))
        const [secret, sealed] = await seal(found, key, value).catch(async (error) => {
          throw await failure(label, 'written', error)
        })
        isDone = await change(key, async (records) => {
          const now = await answer(records.get('k'))
          // Another tab was first with its key: that is the one.
          if (isKey(now) && secret !== found) return false
          if (!isKey(now)) records.put(secret, 'k')
          records.put(sealed, `v${key}`)
          return true
        })
      }
    },
    delete: (key) => change(key, async (records) => void records.delete(`v${key}`)),
    keys: async (prefix) => {
      const names = await transact('read', (records) => answer(records.getAllKeys()))
      return names.flatMap((at) => (`${at}`.startsWith(`v${prefix}`) ? `${at}`.slice(1) : []))
    },
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

function inTime<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(longest)
    signal.onabort = () => reject(signal.reason)
    work.then(resolve, reject)
  })
}

const isKey = (found: unknown): found is CryptoKey => found instanceof CryptoKey && !found.extractable

/** A new initialization vector each time; the name is authenticated, too. */
const cipher = (iv: BufferSource, key: string) => ({
  name: 'AES-GCM',
  iv,
  additionalData: new TextEncoder().encode(key),
})

/** With the key that was found, or a new one. */
async function seal(found: unknown, key: string, value: string): Promise<readonly [secret: CryptoKey, sealed: object]> {
  const { subtle } = crypto
  const secret = isKey(found)
    ? found
    : await subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  const iv = crypto.getRandomValues(new Uint8Array(12))
  return [secret, { iv, data: await subtle.encrypt(cipher(iv, key), secret, new TextEncoder().encode(value)) }]
}
