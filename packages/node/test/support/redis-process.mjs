// A process of its own that uses the lock of a store in Redis, as the first argument says: node redis-process.mjs <role> <socket> <lease>

import { redisStore } from '@pentauth/node/redis'
import { createClient } from 'redis'

const [role, path, lease = '3000'] = process.argv.slice(2)
const client = createClient({ socket: { path, tls: false } })
client.on('error', () => undefined)
await client.connect()
const store = redisStore(client, { lease: Number(lease) })
const say = (/** @type {unknown} */ word) => process.stdout.write(`${word}\n`)
const heard = () => new Promise((resolve) => process.stdin.once('data', resolve))

/** Reads, waits and writes: two at once would lose a count. */
async function count() {
  for (let round = 0; round < 25; round += 1) {
    await store.withLock('counter', async () => {
      const value = Number((await store.get('counter')) ?? 0)
      await new Promise((resolve) => setTimeout(resolve, 2))
      await store.set('counter', `${value + 1}`)
    })
  }
  say('done')
}

/** Holds the lock until it is told to write. */
async function hold() {
  await store.withLock('session', async () => {
    say('holding')
    await heard()
    await store.set('session', 'of the one that stood still').then(
      () => say('written'),
      (error) => say(`${error.code} ${error.message}`),
    )
  })
}

await (role === 'count' ? count() : hold())
await client.close()
process.stdin.destroy()
