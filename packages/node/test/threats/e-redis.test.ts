import { randomUUID } from 'node:crypto'
import type { Store } from '@pentauth/core'
import { threat } from '@pentauth/tooling/threat'
import { describe } from 'vitest'
import { redisStore } from '../../src/redis-store.ts'
import { clients, type Opened, startRedis, whyNot } from '../support/redis-server.ts'

// E2 on many hosts: who holds the lock of a session in Redis and stands still must not write when it wakes up.

type Locked = Store & Required<Pick<Store, 'withLock'>>
const lockKey = 'pentauth:{session}:lock'

/** The lock of every second article: a key that ends by itself, deleted by its owner. */
function unfenced({ ask }: Opened): Locked {
  const valueKey = (key: string) => `pentauth:{${key}}`
  return {
    get: async (key) => ((await ask('GET', valueKey(key))) as string | null) ?? undefined,
    set: async (key, value) => void (await ask('SET', valueKey(key), value)),
    delete: async (key) => void (await ask('DEL', valueKey(key))),
    async withLock(name, run) {
      const token = randomUUID()
      while ((await ask('SET', `${valueKey(name)}:lock`, token, 'NX', 'PX', '3000')) === null);
      try {
        return await run()
      } finally {
        await ask('DEL', `${valueKey(name)}:lock`)
      }
    },
  }
}

const [late, newest] = ['of the one that stood still', 'of the one that came after']

async function attack(open: (opened: Opened) => Locked) {
  const { path } = await startRedis()
  const [mine, theirs] = [await clients.redis(path), await clients.ioredis(path)]
  const [store, other] = [open(mine), open(theirs)]
  let isRefused = false
  await store.withLock('session', async () => {
    // As time does while a process stands still.
    await theirs.ask('DEL', lockKey)
    await other.withLock('session', async () => {
      await other.set('session', newest)
      await store.set('session', late).catch(() => {
        isRefused = true
      })
    })
    await theirs.ask('SET', lockKey, 'of a third')
  })
  const lock = await theirs.ask('GET', lockKey)
  return { isRefused, lock, saved: await other.get('session') }
}

describe.skipIf(whyNot)(`a lock in Redis${whyNot}`, () => {
  threat('E2', 'a holder of the lock that stood still overwrites the session of who came after', {
    ours: ({ client }: Opened): Locked => redisStore(client),
    twin: unfenced,
    attack,
    breaches: ({ isRefused, lock, saved }) => [
      ...(saved === newest ? [] : [`the session is that ${saved}`]),
      ...(isRefused ? [] : ['the late write was not refused']),
      ...(lock === 'of a third' ? [] : ['the lock of somebody else was deleted']),
    ],
  })
})
