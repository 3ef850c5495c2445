import { memoryStore, type Store } from '@pentauth/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openTab, type Tab } from '../src/tab-channel.ts'

/** A tab with what it is told; closed when the test is over. */
function tabOf(storage: Store = memoryStore(), placeOf = async (_key: string) => storage) {
  const keys: string[] = []
  const outs: (readonly string[])[] = []
  const tab = openTab(storage, placeOf, async (out, service, app) => void outs.push([out, service, app]))
  tab.store.watch?.((key) => keys.push(key))
  onTestFinished(() => tab.close())
  return { tab, keys, outs }
}

/** Resolves when every message that was posted before has been heard: channels keep their order. */
async function settled(from: Tab, ...to: readonly { readonly keys: string[] }[]): Promise<void> {
  const mark = `mark/${crypto.randomUUID()}`
  from.post({ key: mark })
  await expect.poll(() => to.every(({ keys }) => keys.includes(mark))).toBe(true)
  for (const { keys } of to) keys.splice(keys.indexOf(mark), 1)
}

/** Channels that are open, by way of those that were made and closed. */
function countChannels() {
  const { BroadcastChannel: native } = globalThis
  const open = new Set<object>()
  globalThis.BroadcastChannel = class extends native {
    constructor(name: string) {
      super(name)
      open.add(this)
    }
    override close() {
      super.close()
      open.delete(this)
    }
  }
  onTestFinished(() => {
    globalThis.BroadcastChannel = native
  })
  return open
}

describe('tabs with one storage', () => {
  it('are told what the others write and delete, after it is done', async () => {
    const storage = memoryStore()
    const [mine, other] = [tabOf(storage), tabOf(storage)]
    mine.tab.open()
    other.tab.open()
    const found: Promise<string | undefined>[] = []
    other.tab.store.watch?.((key) => found.push(other.tab.store.get(key)))
    await mine.tab.store.set('session/a', 'one')
    // Nobody else's business.
    await mine.tab.store.set('sign-ins', 'waits')
    await mine.tab.store.delete('session/b')
    await settled(mine.tab, other)
    expect([other.keys, mine.keys]).toEqual([['session/a', 'session/b'], []])
    expect(await found[0]).toBe('one')
  })

  it('are told no value', async () => {
    const heard: unknown[] = []
    const listening = new BroadcastChannel('pentauth')
    listening.onmessage = ({ data }) => heard.push(data)
    onTestFinished(() => listening.close())
    const [mine, other] = [tabOf(), tabOf()]
    mine.tab.open()
    other.tab.open()
    await mine.tab.store.set('session/a', 'secret')
    mine.tab.post({ out: 'work', service: 'pensyve', app: 'notes' })
    await settled(mine.tab, other)
    await expect.poll(() => heard.length).toBe(3)
    expect(heard.slice(0, 2)).toEqual([{ key: 'session/a' }, { out: 'work', service: 'pensyve', app: 'notes' }])
    expect(other.outs).toEqual([['work', 'pensyve', 'notes']])
  })

  it('are not told what failed', async () => {
    const storage: Store = {
      ...memoryStore(),
      set: () => Promise.reject(new DOMException('full', 'QuotaExceededError')),
    }
    const [mine, other] = [tabOf(storage), tabOf()]
    mine.tab.open()
    other.tab.open()
    await expect(mine.tab.store.set('session/a', 'one')).rejects.toThrow('full')
    await settled(mine.tab, other)
    expect(other.keys).toEqual([])
  })

  it('stop being told when they ask for it', async () => {
    const [mine, other] = [tabOf(), tabOf()]
    const heard: string[] = []
    other.tab.store.watch?.((key) => heard.push(key))?.()
    mine.tab.open()
    other.tab.open()
    await mine.tab.store.set('session/a', 'one')
    await settled(mine.tab, other)
    expect([heard, other.keys]).toEqual([[], ['session/a']])
  })
})

describe('a channel on which others speak, too', () => {
  it('takes nothing but names, and fails at nothing', async () => {
    const errors: unknown[] = []
    const hear = (event: Event) => void errors.push(event)
    for (const type of ['error', 'unhandledrejection']) addEventListener(type, hear)
    onTestFinished(() => {
      for (const type of ['error', 'unhandledrejection']) removeEventListener(type, hear)
    })
    const { tab, keys, outs } = tabOf()
    tab.open()
    const odd = new BroadcastChannel('pentauth')
    onTestFinished(() => odd.close())
    const messages: unknown[] = [
      undefined,
      null,
      0,
      '',
      'key',
      [],
      {},
      { key: 1 },
      { key: null },
      { key: {} },
      { out: 1 },
    ]
    messages.push({ key: ['session/'] }, { out: {}, service: 'pensyve' }, new Map([['key', 'a']]), new Uint8Array(3))
    messages.push({ __proto__: { key: 'inherited' } }, new DOMException('key'))
    for (const message of messages) odd.postMessage(message)
    const other = tabOf()
    other.tab.open()
    odd.postMessage({ key: 'last' })
    await expect.poll(() => keys).toEqual(['last'])
    expect([outs, errors]).toEqual([[], []])
  })

  it('a sign-out of others that fails here is nobody’s unhandled failure', async () => {
    const failures: unknown[] = []
    const hear = ({ reason }: PromiseRejectionEvent) => void failures.push(reason)
    addEventListener('unhandledrejection', hear)
    onTestFinished(() => removeEventListener('unhandledrejection', hear))
    const storage = memoryStore()
    let asked = 0
    const tab = openTab(
      storage,
      async () => storage,
      async () => {
        asked += 1
        throw new DOMException('blocked')
      },
    )
    onTestFinished(() => tab.close())
    tab.open()
    const other = tabOf()
    other.tab.open()
    other.tab.post({ out: 'a', service: 'b', app: 'c' })
    await expect.poll(() => asked).toBe(1)
    await new Promise((resolve) => setTimeout(resolve))
    expect(failures).toEqual([])
  })
})

describe('opening and closing', () => {
  it('opens one channel, whoever asks, and none is left when it is closed', () => {
    const open = countChannels()
    const { tab } = tabOf()
    expect(open.size).toBe(0)
    tab.open()
    tab.open()
    expect(open.size).toBe(1)
    tab.close()
    tab.close()
    expect(open.size).toBe(0)
  })

  it('posts nothing, and fails at nothing, while it is closed', async () => {
    const [mine, other] = [tabOf(), tabOf()]
    other.tab.open()
    await mine.tab.store.set('session/a', 'one')
    mine.tab.open()
    await settled(mine.tab, other)
    expect(other.keys).toEqual([])
  })

  it('tells all that may have changed while it was closed', async () => {
    const storage = memoryStore()
    const { tab, keys } = tabOf(storage)
    tab.open()
    await tab.store.get('a')
    await tab.store.get('b')
    await tab.store.get('a')
    tab.close()
    await storage.set('a', 'of another tab')
    tab.open()
    expect(keys).toEqual(['a', 'b'])
  })
})

describe('a storage that is told of changes itself', () => {
  it('is listened to while the channel is open', () => {
    const listeners = new Set<(key: string) => void>()
    const watch: Store['watch'] = (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
    const { tab, keys } = tabOf({ ...memoryStore(), watch } as Store)
    expect(listeners.size).toBe(0)
    tab.open()
    tab.open()
    for (const listener of listeners) listener('a')
    expect([listeners.size, keys]).toEqual([1, ['a']])
    tab.close()
    expect(listeners.size).toBe(0)
  })
})

describe('the storage behind it', () => {
  it('keeps its name as it is by then, and its own `this`', async () => {
    class Kept {
      name: string | undefined
      readonly values = new Map<string, string>()
      async get(key: string) {
        return this.values.get(key)
      }
      async set(key: string, value: string) {
        this.values.set(key, value)
      }
      async delete(key: string) {
        this.values.delete(key)
      }
      async keys(prefix: string) {
        return [...this.values.keys()].filter((key) => key.startsWith(prefix))
      }
      withLock<T>(_name: string, run: () => Promise<T>) {
        return this.values.size > 0 ? run() : Promise.reject(new DOMException('empty'))
      }
    }
    const storage = new Kept()
    const { tab } = tabOf(storage as Store)
    expect(tab.store.name).toBeUndefined()
    storage.name = 'decided later'
    expect(tab.store.name).toBe('decided later')
    await tab.store.set('a', 'one')
    expect(await tab.store.get('a')).toBe('one')
    expect(await tab.store.keys?.('')).toEqual(['a'])
    expect(await tab.store.withLock?.('a', async () => 'in it')).toBe('in it')
    await tab.store.delete('a')
    expect(storage.values.size).toBe(0)
  })

  it('has neither list nor lock where that has none', () => {
    const { get, set, delete: remove } = memoryStore()
    const { store } = tabOf({ get, set, delete: remove }).tab
    expect([store.keys, store.withLock]).toEqual([undefined, undefined])
  })

  it('is another one for what is to be elsewhere', async () => {
    const [storage, beside] = [memoryStore(), memoryStore()]
    const { tab } = tabOf(storage, async (key) => (key === 'elsewhere' ? beside : storage))
    await tab.store.set('elsewhere', 'one')
    await tab.store.set('here', 'two')
    expect([await storage.keys?.(''), await beside.keys?.('')]).toEqual([['here'], ['elsewhere']])
    expect([await tab.store.get('elsewhere'), await tab.store.get('here')]).toEqual(['one', 'two'])
    await tab.store.delete('elsewhere')
    expect(await beside.keys?.('')).toEqual([])
  })
})
