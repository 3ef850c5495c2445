import { PentauthError, type Store } from '@pentauth/core'
import { createSandbox } from '@pentauth/sandbox'
import { threat } from '@pentauth/tooling/threat'
import { beforeEach, vi } from 'vitest'
import { defaultStorage } from '../../src/default-storage.ts'
import { deleteDatabase, done, everything, inTable, textIn } from '../support/database.ts'

// What a browser does to a storage, and what a script finds in it.

const secret = createSandbox().keys.create('pensyve').key
const session = JSON.stringify({ version: 1, account: 'default', refreshToken: secret })
const key = 'session/a'
const storages = [localStorage, sessionStorage]
const clear = async () => {
  for (const storage of storages) storage.clear()
  await deleteDatabase('pentauth')
}
beforeEach(clear)

/** As it is written in an afternoon. */
const hasty = (): Store => ({
  get: async (name) => JSON.parse(localStorage.getItem(name) ?? '{}').value,
  set: async (name, value) => localStorage.setItem(name, JSON.stringify({ value })),
  delete: async (name) => localStorage.removeItem(name),
})

const refuse = (name: string) => () => {
  throw new DOMException(`could not keep ${secret}`, name)
}
/** Each returns how to end it. */
const troubles: Record<string, () => Promise<() => void> | (() => void)> = {
  blocked: () =>
    ending(['indexedDB', 'localStorage', 'sessionStorage'].map((name) => stub(name, refuse('SecurityError')))),
  missing: () => ending(['indexedDB', 'localStorage', 'sessionStorage'].map((name) => stub(name, () => undefined))),
  full: () =>
    ending([
      vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(refuse('QuotaExceededError')),
      vi.spyOn(Storage.prototype, 'setItem').mockImplementation(refuse('QuotaExceededError')),
    ]),
  tampered: () => eachRecord(() => '{"value":{"version":1'),
  'with bytes changed': () =>
    eachRecord((found) => {
      if (typeof found === 'string') return `${found.slice(0, -2)}!`
      const { data, iv } = found as { data: ArrayBuffer; iv: Uint8Array }
      return { iv, data: data.slice(1) }
    }),
  'without its key': async () => {
    await inTable('pentauth', async (records) => void records.delete('k')).catch(() => undefined)
    return () => undefined
  },
  'of a newer version': async () => {
    const newer = await done(indexedDB.open('pentauth', 7))
    newer.close()
    return () => undefined
  },
}

function ending(spies: readonly { mockRestore(): void }[]): () => void {
  return () => {
    for (const spy of spies) spy.mockRestore()
  }
}

function stub(name: string, get: () => unknown): { mockRestore(): void } {
  return vi.spyOn(globalThis as unknown as Record<string, unknown>, name, 'get').mockImplementation(get)
}

/** Changes all values that rest anywhere. */
async function eachRecord(change: (found: unknown) => unknown): Promise<() => void> {
  for (const storage of storages)
    for (const [name, value] of Object.entries(storage)) storage.setItem(name, String(change(value)))
  await inTable('pentauth', async (records) => {
    for (const name of await done(records.getAllKeys()))
      if (String(name).startsWith('v')) records.put(change(await done(records.get(name))), name)
  }).catch(() => undefined)
  return () => undefined
}

interface Seen {
  readonly trouble: string
  readonly when: 'before' | 'after'
  readonly read: string
  readonly write: string
  readonly readAgain: string
}

threat('K4', 'a storage that is blocked, missing, full, or was tampered with', {
  ours: () => defaultStorage(),
  twin: hasty,
  async attack(open: () => Store): Promise<readonly Seen[]> {
    const found: Seen[] = []
    for (const when of ['before', 'after'] as const)
      for (const [trouble, begin] of Object.entries(troubles)) {
        await clear()
        const store = open()
        // Before anything was kept, and while a session is.
        if (when === 'after') await store.set(key, session)
        const end = await begin()
        try {
          const page = when === 'after' ? store : open()
          const read = await outcome(() => page.get(key))
          const write = await outcome(() => page.set(key, 'new'))
          found.push({ trouble, when, read, write, readAgain: await outcome(() => page.get(key)) })
        } finally {
          end()
        }
      }
    return found
  },
  breaches: (found) =>
    found.flatMap(({ trouble, when, read, write, readAgain }) => {
      // Nobody who comes to such a browser is kept from signing in; who is there already is told.
      const mayFail = when === 'after' || trouble === 'of a newer version'
      const isTold = (said: string) => said === 'store_failed' && mayFail
      const isKept = write === 'nothing' && readAgain === 'new'
      return [
        ...(read === 'nothing' || isTold(read) || (when === 'after' && read === session) ? [] : [`read: ${read}`]),
        ...(isKept || isTold(write) ? [] : [`write: ${write}, then ${readAgain}`]),
      ].map((what) => `${trouble}, ${when}: ${what}`)
    }),
})

async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    const value = await work()
    return value === undefined ? 'nothing' : String(value)
  } catch (error) {
    const says = `${error} ${(error as Error).stack} ${JSON.stringify(error)}`
    if (says.includes(secret)) return 'an error with the secret'
    return PentauthError.isInstance(error) ? error.code : `untyped: ${error}`
  }
}

/** The same database, without a key. */
const unencrypted = (): Store => {
  const within = async <T>(work: (records: IDBObjectStore) => Promise<T>) => {
    const request = indexedDB.open('pentauth', 1)
    request.onupgradeneeded = () => request.result.createObjectStore('records')
    ;(await done(request)).close()
    return inTable('pentauth', work)
  }
  return {
    get: (name) => within((records) => done(records.get(name))),
    set: (name, value) => within(async (records) => void records.put(value, name)),
    delete: (name) => within(async (records) => void records.delete(name)),
  }
}

threat('K6', 'what a script, a backup or an extension finds in the storage', {
  ours: [() => defaultStorage()],
  twin: [hasty, unencrypted],
  async attack(ways: readonly (() => Store)[]) {
    const found = []
    for (const open of ways) {
      await clear()
      const store = open()
      await store.set(key, session)
      // It is there for the page.
      if ((await store.get(key)) !== session) found.push('the session is not kept')
      const rest = await everything('pentauth').catch(() => new Map<string, unknown>())
      const places = {
        IndexedDB: textIn(rest),
        storages: textIn(storages.map((storage) => ({ ...storage }))),
        cookies: document.cookie,
        'the address': location.href + JSON.stringify(history.state),
        'the store itself': textIn(store) + JSON.stringify(store),
        globals: Object.keys(globalThis)
          .filter((name) => /pentauth/i.test(name))
          .join(),
      }
      for (const [place, text] of Object.entries(places))
        if (text.includes(secret) || (place === 'globals' && text)) found.push(place)
      for (const [name, value] of rest) {
        if (!(value instanceof CryptoKey)) continue
        const formats = ['raw', 'jwk'] as const
        const taken = await Promise.allSettled(formats.map((format) => crypto.subtle.exportKey(format as 'raw', value)))
        if (taken.some(({ status }) => status === 'fulfilled')) found.push(`the key ${name}`)
      }
    }
    return found
  },
  breaches: (found) => found,
})
