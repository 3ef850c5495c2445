import { dangerouslyLocalStorageStore, indexedDBStore, sessionStorageStore } from '@pentauth/browser'
import { onTestFinished } from 'vitest'

/** What a browser has and Node has not, until the test is over. */
function given(name: 'indexedDB' | 'localStorage' | 'sessionStorage', value: unknown): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, name)
  Object.defineProperty(globalThis, name, { configurable: true, get: () => value })
  onTestFinished(() => {
    Reflect.deleteProperty(globalThis, name)
    if (before) Object.defineProperty(globalThis, name, before)
  })
}

/** A storage that refuses in a browser's words. */
const refusing = (name: string) => ({
  getItem: () => null,
  setItem() {
    throw new DOMException('no', name)
  },
})

/** A database that never opens, for that reason. */
function failingDatabase(name: string): void {
  given('indexedDB', {
    open() {
      const request = { error: new DOMException('no', name), onerror: () => undefined }
      queueMicrotask(() => request.onerror())
      return request
    },
  })
}

/** Ways to each error of the stores of a browser, which are not there in Node. */
export function browserStorageProvocations() {
  return {
    store_failed: [
      () => {
        given('indexedDB', undefined)
        return indexedDBStore().get('key')
      },
      ...['SecurityError', 'QuotaExceededError', 'VersionError', 'TimeoutError'].map((name) => () => {
        failingDatabase(name)
        return indexedDBStore().set('key', 'value')
      }),
      () => {
        given('sessionStorage', refusing('QuotaExceededError'))
        return sessionStorageStore().set('key', 'value')
      },
      () => {
        given('localStorage', refusing('SecurityError'))
        return dangerouslyLocalStorageStore().set('key', 'value')
      },
      () => {
        // Gives the lock to somebody else as soon as it was taken.
        const values = new Map<string, string>()
        given('localStorage', {
          getItem: (name: string) => values.get(name) ?? null,
          setItem: (name: string) => values.set(name, 'somebody else'),
          removeItem: (name: string) => values.delete(name),
        })
        const store = dangerouslyLocalStorageStore()
        return store.withLock('key', () => store.set('key', 'value'))
      },
    ],
  }
}
