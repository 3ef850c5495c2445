import { storeContract } from '@pentauth/core/store-contract'
import { createSandbox } from '@pentauth/sandbox'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { indexedDBStore } from '../src/indexed-db-store.ts'
import { deleteDatabase, done, everything, inTable, newName, textIn } from './support/database.ts'
import { otherTab } from './support/other-tab.ts'
import { blockGlobal, replaceGlobal } from './support/storage.ts'

const secret = createSandbox().keys.create('pensyve').key

describe('IndexedDB keeps the contract of a store', () => {
  const open = async () => {
    const name = `contract-${crypto.randomUUID()}`
    return {
      store: indexedDBStore({ name }),
      again: async () => indexedDBStore({ name }),
      loseLock: async (lock: string) => {
        await navigator.locks.request(`pentauth/${name}/${lock}`, { steal: true }, () =>
          inTable(name, async (records) => void records.put('somebody else', `l${lock}`)),
        )
      },
      close: () => deleteDatabase(name),
    }
  }
  for (const { name, run } of storeContract(open, { expects: ['keys', 'withLock', 'again', 'loseLock'] })) it(name, run)
})

describe('what rests in IndexedDB', () => {
  it('is nothing that anybody could read', async () => {
    const name = newName()
    await indexedDBStore({ name }).set('session/a', JSON.stringify({ refreshToken: secret }))
    const found = await everything(name)
    expect([...found.keys()]).toEqual(['k', 'vsession/a'])
    // The look finds what is there in plain text.
    expect(textIn(new Map([['a', { data: new TextEncoder().encode(secret).buffer }]]))).toContain(secret)
    expect(textIn(found)).not.toContain(secret)
    expect(textIn(found)).not.toContain('refreshToken')
  })

  it('has a key that nobody can take out', async () => {
    const name = newName()
    await indexedDBStore({ name }).set('a', 'one')
    const key = (await everything(name)).get('k') as CryptoKey
    expect({ extractable: key.extractable, algorithm: key.algorithm, usages: key.usages }).toEqual({
      extractable: false,
      algorithm: { name: 'AES-GCM', length: 256 },
      usages: ['encrypt', 'decrypt'],
    })
    for (const format of ['raw', 'jwk'] as const)
      await expect(crypto.subtle.exportKey(format, key)).rejects.toMatchObject({ name: 'InvalidAccessError' })
  })

  it('is never encrypted the same way twice', async () => {
    const name = newName()
    const store = indexedDBStore({ name })
    const seen = new Set<string>()
    for (let round = 0; round < 20; round++) {
      await store.set('a', 'one')
      seen.add(textIn(((await everything(name)).get('va') as { iv: Uint8Array }).iv))
    }
    expect(seen.size).toBe(20)
  })

  it('holds no name of a lock that nobody has', async () => {
    const name = newName()
    await indexedDBStore({ name }).withLock('a', async () => {
      expect([...(await everything(name)).keys()]).toEqual(['la'])
    })
    await vi.waitFor(async () => expect((await everything(name)).size).toBe(0))
  })
})

describe('what cannot be decrypted counts as absent, and can be written anew', () => {
  const spoilt: Record<string, (records: IDBObjectStore) => Promise<unknown>> = {
    'a record under another name': async (records) => records.put(await done(records.get('vb')), 'va'),
    'a changed byte': async (records) => {
      const found = await done(records.get('va'))
      const data = new Uint8Array(found.data)
      data[0] = (data[0] ?? 0) ^ 1
      records.put({ ...found, data: data.buffer }, 'va')
    },
    'a cut record': async (records) => {
      const found = await done(records.get('va'))
      records.put({ ...found, data: found.data.slice(0, 10) }, 'va')
    },
    'plain text': async (records) => records.put('{"version":1}', 'va'),
    'something else': async (records) => records.put(null, 'va'),
    'a lost key': async (records) => records.delete('k'),
    'no key': async (records) => records.put('a key', 'k'),
  }
  it.each(Object.entries(spoilt))('%s', async (_, spoil) => {
    const name = newName()
    const store = indexedDBStore({ name })
    await store.set('a', 'one')
    await store.set('b', 'two')
    await inTable(name, spoil)
    expect(await store.get('a')).toBeUndefined()
    expect([...(await store.keys(''))].sort()).toEqual(['a', 'b'])
    await store.set('a', 'new')
    expect(await store.get('a')).toBe('new')
    expect(await indexedDBStore({ name }).get('a')).toBe('new')
    const key = (await everything(name)).get('k')
    expect(key).toBeInstanceOf(CryptoKey)
  })

  it('does not take a key that could be taken out again', async () => {
    const name = newName()
    const store = indexedDBStore({ name })
    await store.set('a', 'one')
    const planted = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt', 'decrypt'])
    await inTable(name, async (records) => void records.put(planted, 'k'))
    await store.set('a', 'two')
    expect(await store.get('a')).toBe('two')
    expect(((await everything(name)).get('k') as CryptoKey).extractable).toBe(false)
  })
})

describe('several tabs', () => {
  it('agree on one key, however many begin at once', async () => {
    const name = newName()
    const tabs = Array.from({ length: 4 }, () => otherTab(name))
    const stores = Array.from({ length: 4 }, () => indexedDBStore({ name }))
    await Promise.all([
      ...tabs.map((tab) => tab.run((store) => store.set(`tab ${crypto.randomUUID()}`, 'theirs'))),
      ...stores.map((store, index) => store.set(`page ${index}`, 'ours')),
    ])
    const reader = indexedDBStore({ name })
    const keys = await reader.keys('')
    expect(keys).toHaveLength(8)
    const values = await Promise.all(keys.map((key) => reader.get(key)))
    expect(values.sort()).toEqual([...Array(4).fill('ours'), ...Array(4).fill('theirs')])
  })

  it('read what the others wrote', async () => {
    const name = newName()
    const store = indexedDBStore({ name })
    await store.set('a', 'one')
    const tab = otherTab(name)
    expect(await tab.run((theirs) => theirs.get('a'))).toBe('one')
    await tab.run((theirs) => theirs.set('a', 'two'))
    expect(await store.get('a')).toBe('two')
  })
})

describe('a connection', () => {
  it('is opened with the first use, and not before', async () => {
    const open = vi.spyOn(indexedDB, 'open')
    onTestFinished(() => open.mockRestore())
    const store = indexedDBStore({ name: newName() })
    expect(open).not.toHaveBeenCalled()
    await Promise.all([store.get('a'), store.get('b'), store.keys('')])
    expect(open).toHaveBeenCalledTimes(1)
  })

  it('does not stand in the way of who deletes the database, and is opened again', async () => {
    const name = newName()
    const store = indexedDBStore({ name })
    await store.set('a', 'one')
    await deleteDatabase(name)
    expect(await store.get('a')).toBeUndefined()
    await store.set('a', 'two')
    expect(await store.get('a')).toBe('two')
    expect(await indexedDBStore({ name }).get('a')).toBe('two')
  })

  it('that was closed under our hands is opened again', async () => {
    const name = newName()
    const connections: IDBDatabase[] = []
    const transaction = IDBDatabase.prototype.transaction
    const spy = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (
      this: IDBDatabase,
      ...given
    ) {
      connections.push(this)
      return transaction.apply(this, given)
    })
    onTestFinished(() => spy.mockRestore())
    const store = indexedDBStore({ name })
    await store.set('a', 'one')
    for (const connection of connections.splice(0)) connection.close()
    expect(await store.get('a')).toBe('one')
    expect(connections.length).toBeGreaterThan(1)
    // Told by the browser, as when a person deletes the data of the site.
    connections.at(-1)?.dispatchEvent(new Event('close'))
    expect(await store.get('a')).toBe('one')
  })

  it('lets a newer version of the page change the database, and says that this one is old', async () => {
    const name = newName()
    const store = indexedDBStore({ name })
    await store.set('a', 'one')
    const newer = await done(indexedDB.open(name, 2))
    newer.close()
    await expect(store.get('a')).rejects.toMatchObject({
      code: 'store_failed',
      retryable: false,
      message: `The store IndexedDB "${name}" could not be read (VersionError). A newer version of this page uses it: reload the page. Nothing was signed out.`,
    })
  })

  it('that never comes is not waited for', async () => {
    replaceGlobal('indexedDB', { value: { open: () => ({}) } })
    const late = new AbortController()
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(late.signal)
    onTestFinished(() => timeout.mockRestore())
    const outcome = indexedDBStore().get('a')
    late.abort(new DOMException('', 'TimeoutError'))
    await expect(outcome).rejects.toMatchObject({ code: 'store_failed', retryable: true })
    await expect(outcome).rejects.toThrow('could not be read (TimeoutError)')
    expect(timeout).toHaveBeenCalledWith(10_000)
  })
})

describe('where the browser refuses', () => {
  const all = (store: ReturnType<typeof indexedDBStore>) => [
    () => store.get('a'),
    () => store.set('a', 'one'),
    () => store.delete('a'),
    () => store.keys(''),
    () => store.withLock('a', async () => 'never'),
  ]
  const refusals: Record<string, () => void> = {
    SecurityError: () => blockGlobal('indexedDB'),
    missing: () => replaceGlobal('indexedDB', { value: undefined }),
    'missing, as null': () => replaceGlobal('indexedDB', { value: null }),
  }
  it.each(Object.entries(refusals))('%s: every method says so', async (reason, refuse) => {
    refuse()
    for (const use of all(indexedDBStore())) {
      const error = await use().catch((thrown) => thrown)
      expect(error).toMatchObject({ code: 'store_failed', retryable: false })
      expect(error.message).toContain(`(${reason.split(',')[0]}). Browsers block it in some private windows`)
    }
  })

  it('as a request that fails, as in private windows of some browsers', async () => {
    const failing = () => {
      const request = { error: new DOMException('no', 'InvalidStateError'), onerror: () => {} }
      queueMicrotask(() => request.onerror())
      return request
    }
    replaceGlobal('indexedDB', { value: { open: failing } })
    for (const use of all(indexedDBStore()))
      await expect(use()).rejects.toMatchObject({ code: 'store_failed', cause: { code: 'INVALID_STATE_ERROR' } })
  })

  it('for want of room: says what is full and the way out, and what was there is still there', async () => {
    const store = indexedDBStore({ name: newName() })
    await store.set('a', 'one')
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore) {
      this.transaction.abort()
      throw new DOMException(`no room for ${secret}`, 'QuotaExceededError')
    })
    const error = await store.set('a', secret).catch((thrown) => thrown)
    put.mockRestore()
    expect(error).toMatchObject({ code: 'store_failed', retryable: true, cause: { code: 'QUOTA_EXCEEDED_ERROR' } })
    expect(error.message).toMatch(
      /could not be written \(QuotaExceededError\)\. This site's share .* is full.*make room/,
    )
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain(secret)
    expect(await store.get('a')).toBe('one')
    await store.set('a', 'two')
    expect(await store.get('a')).toBe('two')
  })

  it('to encrypt: says so', async () => {
    const generate = vi.spyOn(crypto.subtle, 'generateKey').mockRejectedValue(new DOMException('', 'OperationError'))
    onTestFinished(() => generate.mockRestore())
    await expect(indexedDBStore({ name: newName() }).set('a', 'one')).rejects.toMatchObject({ code: 'store_failed' })
  })
})
