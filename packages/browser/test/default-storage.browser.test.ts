import type { StoreEvent } from '@pentauth/core'
import { storeContract } from '@pentauth/core/store-contract'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { defaultStorage } from '../src/default-storage.ts'
import { indexedDBStore } from '../src/indexed-db-store.ts'
import { deleteDatabase } from './support/database.ts'
import { blockGlobal, replaceGlobal } from './support/storage.ts'

const realSession = sessionStorage
const clear = async () => {
  realSession.clear()
  await deleteDatabase('pentauth')
}
beforeEach(clear)

function told() {
  const events: StoreEvent[] = []
  return { events, storage: defaultStorage((event) => events.push(event)) }
}

function failing(prototype: object, method: string, name: string): void {
  const spy = vi.spyOn(prototype as { fail(): void }, method as 'fail').mockImplementation(() => {
    throw new DOMException('', name)
  })
  onTestFinished(() => spy.mockRestore())
}

describe.each(['IndexedDB', 'sessionStorage', 'memory'])('%s, chosen, keeps the contract of a store', (kind) => {
  const open = async () => {
    await clear()
    return { store: defaultStorage() }
  }
  for (const { name, run } of storeContract(open, { expects: ['keys', 'withLock'] }))
    it(name, async () => {
      if (kind !== 'IndexedDB') blockGlobal('indexedDB')
      if (kind === 'memory') failing(Storage.prototype, 'setItem', 'QuotaExceededError')
      await run()
    })
})

describe('the storage where none is given', () => {
  it('touches nothing before its first use', () => {
    blockGlobal('indexedDB')
    blockGlobal('sessionStorage')
    const { storage, events } = told()
    expect({ name: storage.name, events }).toEqual({ name: undefined, events: [] })
  })

  it('is IndexedDB, and leaves no probe in it', async () => {
    const { storage, events } = told()
    expect(await storage.keys('')).toEqual([])
    await storage.set('a', 'one')
    expect(storage.name).toBe('IndexedDB "pentauth"')
    expect(await indexedDBStore().get('a')).toBe('one')
    expect(await storage.keys('')).toEqual(['a'])
    expect(events).toEqual([])
  })

  it('is decided once, whoever asks', async () => {
    blockGlobal('indexedDB')
    const { storage, events } = told()
    await Promise.all([
      storage.get('a'),
      storage.keys(''),
      storage.set('a', 'one'),
      storage.withLock('a', async () => {}),
    ])
    expect(storage.name).toBe('sessionStorage')
    expect(events).toHaveLength(1)
  })

  it.each([
    ['SecurityError', () => blockGlobal('indexedDB')],
    ['missing', () => replaceGlobal('indexedDB', { value: undefined })],
    ['QuotaExceededError', () => failing(IDBObjectStore.prototype, 'put', 'QuotaExceededError')],
    ['DataCloneError', () => failing(IDBObjectStore.prototype, 'put', 'DataCloneError')],
  ] as const)('is sessionStorage where IndexedDB says %s, and tells so', async (reason, refuse) => {
    refuse()
    const { storage, events } = told()
    await storage.set('a', 'one')
    expect(await storage.get('a')).toBe('one')
    expect(storage.name).toBe('sessionStorage')
    expect(Object.values({ ...sessionStorage })).toContain('one')
    expect(events).toEqual([
      {
        type: 'store_replaced',
        store: 'IndexedDB "pentauth"',
        by: 'sessionStorage',
        reason: expect.stringContaining(`(${reason})`),
      },
    ])
  })

  it('is sessionStorage where IndexedDB forgets what it is told', async () => {
    const get = IDBObjectStore.prototype.get
    const spy = vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(function (this: IDBObjectStore, key) {
      return get.call(this, key === 'k' ? key : 'nothing')
    })
    onTestFinished(() => spy.mockRestore())
    const { storage, events } = told()
    await storage.set('a', 'one')
    expect(events).toMatchObject([{ by: 'sessionStorage', reason: 'It does not keep what is written to it.' }])
  })

  it('is memory where both are blocked, and tells so of both', async () => {
    blockGlobal('indexedDB')
    blockGlobal('sessionStorage')
    const { storage, events } = told()
    await storage.set('a', 'one')
    expect(await storage.get('a')).toBe('one')
    expect('name' in storage).toBe(false)
    expect(await defaultStorage().get('a')).toBeUndefined()
    expect(events).toMatchObject([
      { type: 'store_replaced', store: 'IndexedDB "pentauth"', by: 'memory' },
      { type: 'store_replaced', store: 'sessionStorage', by: 'memory' },
    ])
  })

  it('goes on where the sign-in has begun, when IndexedDB works again', async () => {
    const broken = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('', 'QuotaExceededError')
    })
    await defaultStorage().set('transaction', 'waits')
    broken.mockRestore()
    const { storage, events } = told()
    expect(await storage.get('transaction')).toBe('waits')
    expect(events).toMatchObject([{ by: 'sessionStorage', reason: 'sessionStorage has what was saved in its place.' }])
    await storage.delete('transaction')
    const next = defaultStorage()
    await next.get('a')
    expect(next.name).toBe('IndexedDB "pentauth"')
  })

  it('stays with what it has where no more can be written', async () => {
    await defaultStorage().set('session', 'mine')
    failing(IDBObjectStore.prototype, 'put', 'QuotaExceededError')
    const { storage, events } = told()
    expect(await storage.get('session')).toBe('mine')
    await expect(storage.set('session', 'newer')).rejects.toMatchObject({ code: 'store_failed' })
    expect(await storage.get('session')).toBe('mine')
    expect(events).toEqual([])
  })

  it('does not care for a listener that fails', async () => {
    blockGlobal('indexedDB')
    const unhandled = vi.fn((event: Event) => event.preventDefault())
    addEventListener('unhandledrejection', unhandled)
    onTestFinished(() => removeEventListener('unhandledrejection', unhandled))
    const storage = defaultStorage(() => {
      throw new TypeError('a listener that fails')
    })
    await storage.set('a', 'one')
    expect(await storage.get('a')).toBe('one')
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(unhandled).not.toHaveBeenCalled()
  })
})
