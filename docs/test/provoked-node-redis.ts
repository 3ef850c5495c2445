import { redisStore } from '@pentauth/node/redis'

/** A client of ioredis, as far as the store uses it. */
const answering = (answer: (command: string) => Promise<unknown>) => redisStore({ call: answer })
const refusing = (message: string) => answering(() => Promise.reject(new TypeError(message)))

/** Ways to each error of the store in Redis; there is none. */
export function redisProvocations() {
  return {
    store_failed: [
      () => refusing('WRONGTYPE Operation against a key').get('key'),
      () => refusing('OOM command not allowed').set('key', 'value'),
      () => refusing('NOPERM this user has no permissions').withLock('key', async () => 'never'),
      () => {
        // Takes the lock and gives it to somebody else.
        let count = 0
        const store = answering(async () => (count++ === 0 ? 1 : 0))
        return store.withLock('key', () => store.set('key', 'value'))
      },
      () => outwaited(),
    ],
    invalid_option: [
      () => redisStore('redis://127.0.0.1' as never),
      () => redisStore({ call: async () => 'OK' }, { prefix: '' }),
      () => redisStore({ call: async () => 'OK' }, { lease: 1 }),
    ],
  }
}

/** A lock that others have for a minute, by a clock that runs fast. */
async function outwaited(): Promise<unknown> {
  const { now } = performance
  let passed = 0
  performance.now = () => passed
  const busy = answering(async () => {
    passed += 30_000
    return 0
  })
  return busy
    .withLock('key', async () => 'never')
    .finally(() => {
      performance.now = now
    })
}
