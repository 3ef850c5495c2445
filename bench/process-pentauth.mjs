// Pentauth in the processes bench: one line makes it ready for any number of processes, the store.
import { signedIn } from '@pentauth/core'
import { createAuth, fileStore } from '@pentauth/node'
import { redisStore } from '@pentauth/node/redis'
import { Redis } from 'ioredis'
import { benchService, keyOf, saved } from './oauth-client.mjs'

/** @type {Map<string, Redis>} */
const clients = new Map()

/** @param {import('./process-worker.mjs').Place} place */
function storeAt({ folder, redis }) {
  if (!redis) return fileStore({ folder })
  const client = clients.get(redis.socket) ?? new Redis(redis.socket)
  clients.set(redis.socket, client)
  return redisStore(client, { prefix: redis.prefix })
}

/** @type {Record<string, import('./process-worker.mjs').Subject>} */
export const subjects = {
  pentauth: {
    save: (place, session) => storeAt(place).set(keyOf(place.url), saved(place, session)),
    async open(place, fetch) {
      const auth = createAuth(benchService(place.url), {
        credential: signedIn({ store: storeAt(place) }),
        ...(fetch ? { runtime: { fetch } } : {}),
      })
      return { call: async () => (await auth.fetch(place.url)).json() }
    },
    held: async (place) => JSON.parse((await storeAt(place).get(keyOf(place.url))) ?? '{}').refreshToken,
  },
}
