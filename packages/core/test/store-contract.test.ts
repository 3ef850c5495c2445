import { describe, expect, it } from 'vitest'
import { type Lock, memoryLock } from '../src/lock.ts'
import { memoryStore, type Store } from '../src/store.ts'
import { type OpenStore, type StorePart, storeContract } from '../src/store-contract.ts'

// The contract holds for the stores that keep it, and each way of breaking it is caught.

/** Data and locks as a server has them, which several processes use. */
function server() {
  const data = memoryStore()
  const queue = memoryLock()
  const holders = new Map<string, object>()
  const lost = new Set<object>()
  const view = (): Store => {
    const held = new Map<string, object>()
    const fenced = async (key: string, write: () => Promise<void>) => {
      const token = held.get(key)
      if (token && holders.get(key) !== token) throw new TypeError('the lock was lost')
      await write()
    }
    return {
      ...data,
      set: (key, value) => fenced(key, () => data.set(key, value)),
      delete: (key) => fenced(key, () => data.delete(key)),
      withLock: (name, run) =>
        new Promise((resolve, reject) => {
          void queue(name, async () => {
            const token = {}
            holders.set(name, token)
            held.set(name, token)
            const gone = new Promise<void>((over) => {
              losers.set(token, over)
            })
            const ended = run()
              .then(resolve, reject)
              .finally(() => held.get(name) === token && held.delete(name))
            await Promise.race([ended, gone])
          })
        }),
    }
  }
  const losers = new Map<object, () => void>()
  const loseLock = async (name: string) => {
    const token = holders.get(name)
    holders.delete(name)
    if (token) {
      lost.add(token)
      losers.get(token)?.()
    }
  }
  return { data, view, loseLock }
}

const every: readonly StorePart[] = ['keys', 'withLock', 'again', 'loseLock']

function opened(change: (store: Store, data: Store) => Partial<Store> = () => ({})): () => Promise<OpenStore> {
  return async () => {
    const { view, data, loseLock } = server()
    const open = (): Store => {
      const store = view()
      return { ...store, ...change(store, data) }
    }
    return { store: open(), again: async () => open(), loseLock }
  }
}

const lockOf = ({ withLock }: Store): Lock => withLock as Lock

describe('the contract of stores', () => {
  it('names each of its cases', () => {
    const names = storeContract(opened()).map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(15)
  })

  describe.each([
    ['memoryStore', async () => ({ store: memoryStore() }), ['keys']],
    [
      'memoryStore with memoryLock',
      async () => ({ store: { ...memoryStore(), withLock: memoryLock() } }),
      ['withLock'],
    ],
    ['a store of several processes', opened(), every],
  ] as const)('%s', (_, open, expects) => {
    for (const { name, run } of storeContract(open, { expects: [...expects] })) it(name, run)
  })

  it('closes what was opened, whatever came of it', async () => {
    let open = 0
    let closed = 0
    const cases = storeContract(async () => {
      open += 1
      const store = { ...memoryStore(), get: async () => 'always' }
      return {
        store,
        close: async () => {
          closed += 1
        },
      }
    })
    for (const { run } of cases) await run().catch(() => undefined)
    expect([open, closed]).toEqual([cases.length, cases.length])
  })

  it('misses a part that is expected', async () => {
    const bare = async () => ({ store: { ...memoryStore(), keys: undefined } as unknown as Store })
    expect(await failuresOf(bare, every)).toEqual(every.map((part) => `has ${part}`))
    expect(await failuresOf(bare)).toEqual([])
  })

  it('says what was expected and what was found', async () => {
    const open = opened((store) => ({ get: async (key) => (await store.get(key))?.slice(0, 2) }))
    const [, failing] = storeContract(open)
    await expect(failing?.run()).rejects.toMatchObject({
      code: 'store_failed',
      message: expect.stringContaining('get after set: expected "one", got "on".'),
    })
  })
})

/** The cases that a store fails, of all or of one. */
async function failuresOf(
  open: () => Promise<OpenStore>,
  expects: readonly StorePart[] = [],
  only?: string,
): Promise<string[]> {
  const failures: string[] = []
  for (const { name, run } of storeContract(open, { expects, patience: 300 })) {
    if (only === undefined || only === name) await run().catch(() => failures.push(name))
  }
  return failures
}

const later = () => new Promise((resolve) => setTimeout(resolve, 5))

const brokenStores: Readonly<
  Record<string, [caughtBy: string, change: (store: Store, data: Store) => Partial<Store>]>
> = {
  'keeps nothing': ['returns what was put', () => ({ set: async () => {} })],
  'finds what is not there': [
    'finds nothing where nothing was put',
    (store) => ({ get: async (key) => (await store.get(key)) ?? '' }),
  ],
  'keeps the first value': [
    'replaces a value',
    (store) => ({
      set: async (key, value) => ((await store.get(key)) === undefined ? store.set(key, value) : undefined),
    }),
  ],
  'writes over a part of the old value': [
    'replaces a value',
    (store) => ({
      set: async (key, value) => store.set(key, value + ((await store.get(key)) ?? '').slice(value.length)),
    }),
  ],
  'deletes nothing': ['forgets what is deleted', () => ({ delete: async () => {} })],
  'leaves an empty text for what is deleted': [
    'forgets what is deleted',
    (store) => ({ delete: (key) => store.set(key, '') }),
  ],
  'refuses to delete nothing': [
    'takes the deletion of nothing',
    (store) => ({
      delete: async (key) => {
        if ((await store.get(key)) === undefined) throw new TypeError('ENOENT')
        await store.delete(key)
      },
    }),
  ],
  ...named('takes no account of case', (key) => key.toLowerCase()),
  ...named('takes names for paths', (key) => new URL(encodeURI(key), 'https://a.example/').pathname),
  ...named('decodes names', (key) => key.replaceAll('%2F', '/')),
  ...named('trims names', (key) => key.trim()),
  ...named('normalises names', (key) => key.normalize()),
  ...named('cuts names', (key) => key.slice(0, 255)),
  ...named('ends names at a zero character', (key) => key.split('\0')[0] ?? ''),
  ...named('writes names in Latin letters', (key) => key.replace(/[^\x20-\x7e]/g, '?')),
  ...valued('drops empty values', (value) => value || undefined),
  ...valued('trims values', (value) => value.trim()),
  ...valued('cuts values', (value) => value.slice(0, 65_536)),
  ...valued('changes line ends', (value) => value.replaceAll('\r\n', '\n')),
  ...valued('loses characters beyond the basic plane', (value) => value.replace(/[\ud800-\udfff]/g, '\ufffd')),
  ...valued('takes the word null for nothing', (value) => (value === 'null' ? undefined : value)),
  'is done before it has written': [
    'returns what was put',
    (store) => ({
      set: async (key, value) => {
        void later().then(() => store.set(key, value))
      },
    }),
  ],
  'fails when much is written': [
    'takes many writes at the same time',
    (store) => {
      let busy = 0
      return {
        set: async (key, value) => {
          if (busy > 0) throw new TypeError('EBUSY')
          busy += 1
          await later()
          await store.set(key, value).finally(() => {
            busy -= 1
          })
        },
      }
    },
  ],
  'remembers what it read': [
    'shows another process what has been written',
    (store) => {
      const known = new Map<string, string | undefined>()
      return {
        get: async (key) => {
          if (!known.has(key)) known.set(key, await store.get(key))
          return known.get(key)
        },
        set: async (key, value) => {
          known.set(key, value)
          await store.set(key, value)
        },
        delete: async (key) => {
          known.delete(key)
          await store.delete(key)
        },
      }
    },
  ],
  'lists all names': [
    'lists the names that begin so',
    (store) => ({ keys: async () => (await store.keys?.('')) ?? [] }),
  ],
  'takes a prefix for a pattern': [
    'lists the names that begin so',
    (store) => ({
      keys: async (prefix) =>
        ((await store.keys?.('')) ?? []).filter((key) => new RegExp(`^${prefix.replaceAll('*', '.*')}`).test(key)),
    }),
  ],
  'lists a name twice': [
    'lists the names that begin so',
    (store) => ({ keys: async (prefix) => ((await store.keys?.(prefix)) ?? []).flatMap((key) => [key, key]) }),
  ],
  'locks nothing': ['locks: one at a time', () => ({ withLock: (_, run) => run() })],
  'locks for itself only': [
    'locks: one at a time, whichever process',
    (store) => ({ ...withoutFence(store), withLock: memoryLock() }),
  ],
  'forgets what a lock returns': [
    'locks: returns what was done in it',
    (store) => ({
      withLock: async (name, run) => {
        await lockOf(store)(name, run)
        return undefined as never
      },
    }),
  ],
  'swallows failures': [
    'locks: passes a failure on and is free again',
    (store) => ({ withLock: (name, run) => lockOf(store)(name, () => run().catch(() => undefined as never)) }),
  ],
  'has failures of its own': [
    'locks: passes a failure on and is free again',
    (store) => ({
      withLock: (name, run) =>
        lockOf(store)(name, () => run().catch(() => Promise.reject(new TypeError('mine'))) as never),
    }),
  ],
  'stays locked after a failure': [
    'locks: passes a failure on and is free again',
    (store) => {
      let stuck: Promise<never> | undefined
      return {
        withLock: (name, run) =>
          stuck ??
          lockOf(store)(name, () =>
            run().catch((error: unknown) => {
              stuck = new Promise(() => {})
              throw error
            }),
          ),
      }
    },
  ],
  'has one lock for all names': [
    'locks: names do not wait for each other',
    (store) => ({ withLock: (_, run) => lockOf(store)('all', run) }),
  ],
  'takes no account of case in locks': [
    'locks: names do not wait for each other',
    (store) => ({ withLock: (name, run) => lockOf(store)(name.toLowerCase(), run) }),
  ],
  'forgets who waits': [
    'locks: one at a time',
    (store) => {
      let waiting = 0
      return {
        withLock: async (name, run) => {
          waiting += 1
          if (waiting > 3) return new Promise(() => {})
          return lockOf(store)(name, run).finally(() => {
            waiting -= 1
          })
        },
      }
    },
  ],
  'lets who waits fail': [
    'locks: one at a time',
    (store) => {
      let busy = false
      return {
        withLock: async (name, run) => {
          if (busy) throw new TypeError('EAGAIN')
          busy = true
          return lockOf(store)(name, run).finally(() => {
            busy = false
          })
        },
      }
    },
  ],
  'writes late in a lock': [
    'locks: writes in it are there for who comes next',
    (store) => ({
      set: async (key, value) => {
        void later().then(() => store.set(key, value))
      },
    }),
  ],
  'lets late sets through': ['locks: who lost it cannot write any more', (_, data) => ({ set: data.set })],
  'lets late deletions through': ['locks: who lost it cannot write any more', (_, data) => ({ delete: data.delete })],
  'passes late sets over in silence': [
    'locks: who lost it cannot write any more',
    (store) => ({ set: (key, value) => store.set(key, value).catch(() => undefined) }),
  ],
  'refuses late sets when they are written': [
    'locks: who lost it cannot write any more',
    (store, data) => ({
      set: async (key, value) => {
        await data.set(key, value)
        await store.set(key, value)
      },
    }),
  ],
}

function withoutFence({ get, set, delete: remove }: Store): Partial<Store> {
  return { get, set, delete: remove }
}

/** A store that takes names for others. */
function named(what: string, change: (key: string) => string): typeof brokenStores {
  return {
    [what]: [
      'keeps any names apart',
      (store) => ({
        get: (key) => store.get(change(key)),
        set: (key, value) => store.set(change(key), value),
        delete: (key) => store.delete(change(key)),
      }),
    ],
  }
}

/** A store that changes values. */
function valued(what: string, change: (value: string) => string | undefined): typeof brokenStores {
  return {
    [what]: [
      'keeps any text as it is',
      (store) => ({
        get: async (key) => {
          const value = await store.get(key)
          return value === undefined ? undefined : change(value)
        },
      }),
    ],
  }
}

describe('a broken store is caught', () => {
  it.each(Object.entries(brokenStores).map(([what, [caughtBy, change]]) => ({ what, caughtBy, change })))(
    'when it $what',
    async ({ caughtBy, change }) => {
      expect(await failuresOf(opened(change), every, caughtBy)).toEqual([caughtBy])
    },
  )
})
