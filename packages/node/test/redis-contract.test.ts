import { storeContract } from '@pentauth/core/store-contract'
import { describe, it } from 'vitest'
import { redisStore } from '../src/redis-store.ts'
import { clientNames, clients, startRedis, whyNot } from './support/redis-server.ts'

// What every store promises, of the one in Redis.

describe.skipIf(whyNot).each(clientNames)(`the contract of stores, with the package %s${whyNot}`, (name) => {
  const cases = storeContract(
    async () => {
      const { path } = await startRedis()
      const { client, ask } = await clients[name](path)
      return {
        store: redisStore(client, { lease: 1_000 }),
        // Another process, and another package.
        again: async () => redisStore((await clients[name === 'redis' ? 'ioredis' : 'redis'](path)).client),
        async loseLock(key) {
          await ask('DEL', `pentauth:{${key}}:lock`)
          await ask('SET', `pentauth:{${key}}:lock`, 'of another', 'PX', '100')
        },
      }
    },
    { expects: ['keys', 'withLock', 'again', 'loseLock'] },
  )
  it.each(cases)('$name', ({ run }) => run())
})
