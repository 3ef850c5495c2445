import type { StoreEvent } from '@pentauth/core'
import { expect, it, onTestFinished, vi } from 'vitest'
import { defaultStorage } from '../src/default-storage.ts'
import { dangerouslyLocalStorageStore, indexedDBStore, sessionStorageStore } from '../src/index.ts'

// Pages are rendered on servers, too, where nothing of a browser is there.

it('stores can be made where there is no browser, and say so when they are used', async () => {
  vi.stubGlobal('sessionStorage', undefined)
  vi.stubGlobal('localStorage', undefined)
  onTestFinished(() => void vi.unstubAllGlobals())
  for (const store of [indexedDBStore(), sessionStorageStore(), dangerouslyLocalStorageStore()]) {
    await expect(store.get('a')).rejects.toMatchObject({ code: 'store_failed', retryable: false })
    await expect(store.set('a', 'one')).rejects.toThrow(`The store ${store.name} could not be`)
  }
})

it('the default is memory there', async () => {
  vi.stubGlobal('sessionStorage', undefined)
  onTestFinished(() => void vi.unstubAllGlobals())
  const events: StoreEvent[] = []
  const storage = defaultStorage((event) => events.push(event))
  await storage.set('a', 'one')
  expect(await storage.get('a')).toBe('one')
  expect(events.map((event) => event.type === 'store_replaced' && event.by)).toEqual(['memory', 'memory'])
})
