import { onTestFinished } from 'vitest'

// IndexedDB as anybody sees it who does not go through the store.

let count = 0
/** As it was, whatever a test puts in its place. */
const real = indexedDB

/** A name for a database that no other test has; it is gone after the test. */
export function newName(): string {
  count += 1
  const name = `test-${count}-${crypto.randomUUID()}`
  onTestFinished(() => deleteDatabase(name))
  return name
}

export function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

export async function deleteDatabase(name: string): Promise<void> {
  await done(real.deleteDatabase(name))
}

/** Does something with the table of a database; one that a store made, unless `make`. */
export async function inTable<T>(
  name: string,
  work: (records: IDBObjectStore) => Promise<T>,
  version?: number,
): Promise<T> {
  const request = real.open(name, version)
  const database = await done(request)
  try {
    return await work(database.transaction('records', 'readwrite').objectStore('records'))
  } finally {
    database.close()
  }
}

/** Everything that rests there, by name. */
export function everything(name: string): Promise<ReadonlyMap<string, unknown>> {
  return inTable(name, async (records) => {
    const [keys, values] = await Promise.all([done(records.getAllKeys()), done(records.getAll())])
    return new Map(keys.map((key, index) => [String(key), values[index]]))
  })
}

/** All text and bytes in something that was stored, for a search. */
export function textIn(value: unknown): string {
  if (value instanceof ArrayBuffer) return textIn(new Uint8Array(value))
  if (value instanceof Uint8Array) {
    const bytes = Array.from(value, (byte) => String.fromCharCode(byte)).join('')
    return `${bytes} ${bytes.replaceAll('\0', '')}`
  }
  if (value instanceof Map) return [...value].map((pair) => textIn(pair)).join('\n')
  if (value !== null && typeof value === 'object')
    return Object.entries(value)
      .map((pair) => pair.map(textIn).join(' '))
      .join('\n')
  return String(value)
}
