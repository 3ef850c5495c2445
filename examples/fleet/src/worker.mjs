// One process of the fleet: calls Pensyve until it is told to stop. That it shares its sign-in with others is said by its store alone.
import process from 'node:process'
import { signedIn } from '@pentauth/core'
import { createAuth, pensyve, relocate } from '@pentauth/node'
import { redisStore } from '@pentauth/node/redis'
import { createClient } from 'redis'

const [redisPath = '', origins = '{}'] = process.argv.slice(2)

const client = createClient({ socket: { path: redisPath, tls: false } })
client.on('error', () => undefined)
await client.connect()
const auth = createAuth(relocate(pensyve, JSON.parse(origins)), {
  credential: signedIn({ store: redisStore(client) }),
})

let isRunning = true
process.on('message', () => {
  isRunning = false
})
// A fleet whose captain is gone does not go on.
process.on('disconnect', () => process.exit(1))

let calls = 0
let failed = 0
const work = async () => {
  while (isRunning) {
    if (!(await recall().catch(() => false))) failed += 1
    calls += 1
    process.send?.({ calls, failed })
  }
}
await Promise.all([work(), work(), work()])
await client.close()
process.exit(0)

/** @returns {Promise<boolean>} whether Pensyve answered */
async function recall() {
  const response = await auth.fetch(`${auth.service.resources.rest.url}/recall`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'tea' }),
  })
  await response.arrayBuffer()
  return response.ok
}
