import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Lock, memoryLock } from '@pentauth/core'
import type { RedisClient } from './redis-client.ts'
import { lockLost, lockTaken, redisFailed } from './redis-failure.ts'

// A key that ends by itself says who has the lock, by a token that nobody else knows. Whoever holds it renews it, and writes only
// through a script that looks at the token first: who stood still for too long changes nothing any more.

/** Milliseconds that a caller waits for a holder that neither renews the lock nor gives it back. */
const longestWait = 60_000
/** Milliseconds between two looks, growing. */
const shortestPause = 20
const longestPause = 100
/** Milliseconds in which a lock is given back. */
const longestRelease = 1_000

/** Takes it, or says for how long (ms) whom it belongs to; a client may send this twice when its connection breaks in between. */
const take = `if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
local holder = redis.call('get', KEYS[1])
return holder == ARGV[1] and 1 or redis.call('pttl', KEYS[1]) .. ' ' .. holder`
const renew = `if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('pexpire', KEYS[1], ARGV[2])`
const release = `if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('del', KEYS[1])`
const write = `if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] then redis.call('set', KEYS[2], ARGV[2]) else redis.call('del', KEYS[2]) end
return 1`

/** Where the locks are. */
interface Locks {
  readonly client: RedisClient
  /** Of the store, for people. */
  readonly name: string
  /** Milliseconds after which the lock of a process that died is free. */
  readonly lease: number
  readonly valueKey: (key: string) => string
  readonly lockKey: (key: string) => string
}

export interface RedisLock {
  readonly withLock: Lock
  /**
   * Writes the value of a key, or deletes it.
   *
   * @throws PentauthError `store_failed`, and changes nothing, when this process has lost the lock of the key while it held it.
   */
  write(key: string, value: string | undefined): Promise<void>
}

interface Hold {
  readonly token: string
  isLost: boolean
}

export function redisLock({ client, name, lease, valueKey, lockKey }: Locks): RedisLock {
  // Those of this process wait for each other here, so that one of them asks Redis.
  const queue = memoryLock()
  const holds = new Map<string, Hold>()
  const ask = (script: string, keys: readonly string[], ...args: readonly string[]) =>
    client.command(['EVAL', script, `${keys.length}`, ...keys, ...args], keys[0])
  const run = async (...script: Parameters<typeof ask>) => Number(await ask(...script)) === 1

  const taken = async (key: string, token: string): Promise<void> => {
    let since = performance.now()
    let seen: { readonly left: number; readonly holder: string } | undefined
    for (
      let pause = shortestPause;
      performance.now() - since < longestWait;
      pause = Math.min(2 * pause, longestPause)
    ) {
      const answer = await ask(take, [key], token, `${lease}`)
      if (Number(answer) === 1) return
      const [left = '', ...rest] = String(answer).split(' ')
      const now = { left: Number(left), holder: rest.join(' ') }
      // Somebody else has it, or who has it has renewed it: a person may be signing in.
      if (seen && (now.holder !== seen.holder || now.left > seen.left)) since = performance.now()
      seen = now
      // Not all at the same time.
      await sleep(pause / 2 + randomInt(pause))
    }
    throw lockTaken(name, longestWait / 1000)
  }

  /** Keeps the lock, until told to stop. */
  const kept = (key: string, hold: Hold): (() => void) => {
    let isAsking = false
    const timer = setInterval(async () => {
      if (isAsking || hold.isLost) return
      isAsking = true
      try {
        hold.isLost = !(await run(renew, [key], hold.token, `${lease}`))
      } catch {
        // Nothing is known then: the next time says more, and so does the script of a write.
      }
      isAsking = false
    }, lease / 3)
    timer.unref()
    return () => clearInterval(timer)
  }

  return {
    withLock(name_, work) {
      return queue(name_, async () => {
        const key = lockKey(name_)
        const hold: Hold = { token: randomUUID(), isLost: false }
        await taken(key, hold.token).catch((error) => {
          throw redisFailed(name, 'be locked', error)
        })
        const stop = kept(key, hold)
        holds.set(name_, hold)
        try {
          return await work()
        } finally {
          stop()
          holds.delete(name_)
          // Else it ends by itself; the outcome of the work waits for no Redis that hangs.
          const released = run(release, [key], hold.token).catch(() => undefined)
          await Promise.race([released, sleep(longestRelease, undefined, { ref: false })])
        }
      })
    },
    async write(key, value) {
      const hold = holds.get(key)
      const written = valueKey(key)
      try {
        if (!hold) await client.command(value === undefined ? ['DEL', written] : ['SET', written, value], written)
        else {
          const args = value === undefined ? [] : [value]
          if (!hold.isLost) hold.isLost = !(await run(write, [lockKey(key), written], hold.token, ...args))
          if (hold.isLost) throw lockLost(name)
        }
      } catch (error) {
        throw redisFailed(name, 'be written', error)
      }
    },
  }
}
