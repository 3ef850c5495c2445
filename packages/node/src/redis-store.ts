import { type Lock, PentauthError, type Store } from '@pentauth/core'
import { own } from './environment.ts'
import { type RedisClient, redisClient, textOf } from './redis-client.ts'
import { redisFailed } from './redis-failure.ts'
import { redisLock } from './redis-lock.ts'

/** A client of the package `redis` (a client, pool, sentinel or cluster), or of `ioredis` (`Redis` or `Cluster`). */
export type RedisStoreClient =
  | { sendCommand(...args: never[]): Promise<unknown> }
  | { call(command: string, ...args: string[]): Promise<unknown> }

export interface RedisStoreOptions {
  /** What the names of all keys begin with; `pentauth:` unless given. */
  readonly prefix?: string | undefined
  /** Milliseconds after which the lock of a process that died is free; 3,000 unless given. */
  readonly lease?: number | undefined
}

/** A store in Redis, for processes on many hosts. */
export interface RedisStore extends Store {
  keys(prefix: string): Promise<readonly string[]>
  readonly withLock: Lock
  /** For people, such as `redis "pentauth:"`. */
  readonly name: string
}

/** Those of each client: one store for all who ask with the same options, so that they share its sessions, too. */
const known = /* @__PURE__ */ new WeakMap<object, Map<string, RedisStore>>()

/**
 * A store in Redis, and its lock: any number of processes on any number of hosts share a session and renew it once.
 *
 * The client is the program's: it connects it, listens to its errors and closes it. Values are plain text in Redis. A process that
 * dies while it has the lock holds it for `lease` milliseconds; one that stands still for longer loses it and writes nothing any more.
 *
 * Its methods reject with `store_failed`: Redis refuses, is gone or does not answer within 5 s, the lock is held by others for 60 s or
 * was lost.
 *
 * @throws PentauthError `invalid_option` for what is no such client, an empty prefix, or a lease that is no number from 100.
 * @example
 * ```ts
 * declare const client: { sendCommand(args: string[]): Promise<unknown> } // await createClient({ url }).connect()
 * const auth = createAuth(pensyve, { credential: signedIn({ store: redisStore(client) }) })
 * ```
 */
export function redisStore(client: RedisStoreClient, options: RedisStoreOptions = {}): RedisStore {
  const { prefix = 'pentauth:', lease = 3_000 } = own(options)
  const redis = redisClient(client)
  if (typeof prefix !== 'string' || prefix === '') throw unusable('prefix', 'no text', 'such as "pentauth:"')
  if (!Number.isSafeInteger(lease) || lease < shortestLease || lease > longestLease)
    throw unusable('lease', `no number of milliseconds from ${shortestLease}`, 'such as 3000')
  const stores = known.get(client) ?? new Map<string, RedisStore>()
  known.set(client, stores)
  const about = `${lease} ${prefix}`
  const store = stores.get(about) ?? storeIn(redis, prefix, lease)
  stores.set(about, store)
  return store
}

/** Less than what a busy event loop may stand still for would be lost again and again. */
const shortestLease = 100
/** The longest that a timer can wait. */
const longestLease = 2 ** 31 - 1

function storeIn(client: RedisClient, prefix: string, lease: number): RedisStore {
  const name = `redis ${JSON.stringify(prefix)}`
  // In braces, so that a cluster keeps a value and its lock together.
  const valueKey = (key: string) => `${prefix}{${key}}`
  const lockKey = (key: string) => `${prefix}{${key}}:lock`
  const { withLock, write } = redisLock({ client, name, lease, valueKey, lockKey })
  const read = <T>(work: () => Promise<T>): Promise<T> =>
    work().catch((error) => {
      throw redisFailed(name, 'be read', error)
    })
  return {
    name,
    withLock,
    get: (key) => read(async () => textOf(await client.command(['GET', valueKey(key)], valueKey(key)))),
    set: (key, value) => write(key, value),
    delete: (key) => write(key, undefined),
    keys: (beginning) => read(() => keysOf(client, `${prefix}{`, beginning)),
  }
}

/** The keys of values that begin so, without what stands before and behind them; a lock ends otherwise. */
async function keysOf(client: RedisClient, before: string, beginning: string): Promise<readonly string[]> {
  const start = client.keyPrefix + before
  const pattern = `${(start + beginning).replace(/[\\*?[\]]/g, '\\$&')}*}`
  const found = new Set<string>()
  for (const node of await client.nodes()) {
    let cursor = '0'
    do {
      // A look at some of all keys; the command KEYS would stop everybody else meanwhile.
      const answer = await node.command(['SCAN', cursor, 'MATCH', pattern, 'COUNT', '1000'])
      const [next, keys] = answer as readonly [unknown, readonly unknown[]]
      for (const key of keys) found.add((textOf(key) ?? '').slice(start.length, -1))
      cursor = textOf(next) ?? '0'
    } while (cursor !== '0')
  }
  return [...found]
}

function unusable(option: string, what: string, hint: string): PentauthError {
  return new PentauthError({
    code: 'invalid_option',
    message: `The option "${option}" of redisStore is ${what}.`,
    hint: `Give one ${hint}, or leave it out.`,
  })
}
