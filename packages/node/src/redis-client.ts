import { PentauthError } from '@pentauth/core'

/** A client of the package `ioredis`, or its `Cluster`; by shape, since the client is the program's own. */
interface Ioredis {
  call(command: string, ...args: string[]): Promise<unknown>
  readonly isCluster?: boolean
  readonly options?: { readonly keyPrefix?: string }
  nodes?(role: 'master'): readonly Ioredis[]
}

/** A client, pool, sentinel or cluster of the package `redis`; which of them it is says what it is to be given. */
interface NodeRedis {
  sendCommand(...args: unknown[]): Promise<unknown>
  readonly masters?: readonly unknown[]
  nodeClient?(master: unknown): Promise<NodeRedis> | NodeRedis
  getMasterNode?: unknown
}

/** One server, or all of a cluster, whichever client it is reached with. */
export interface RedisClient {
  /**
   * Sends one command and waits for its answer, but not for ever.
   *
   * @param key the first key, which says where in a cluster the command goes
   * @throws whatever the client says; `tooLate` when no answer came in time.
   */
  command(args: readonly string[], key?: string): Promise<unknown>
  /** Each server that holds keys. */
  nodes(): Promise<readonly Pick<RedisClient, 'command'>[]>
  /** What the client itself puts before keys, but not into patterns. */
  readonly keyPrefix: string
}

/** How long (ms) an answer may take: a client that is not connected may keep commands for later, for ever. */
export const patience = 5_000
/** What a command fails with that was not answered in time. */
export const tooLate: unique symbol = Symbol('too late')

/**
 * The one way to talk to either package.
 *
 * @throws PentauthError `invalid_option` for what is neither.
 */
export function redisClient(client: unknown): RedisClient {
  const { call, sendCommand } = Object(client) as Partial<Ioredis & NodeRedis>
  // ioredis has a `sendCommand`, too, that takes something else.
  if (typeof call === 'function') return ioredis(client as Ioredis)
  if (typeof sendCommand === 'function') return nodeRedis(client as NodeRedis)
  throw new PentauthError({
    code: 'invalid_option',
    message: 'redisStore needs a client of the package redis or ioredis.',
    hint: 'Give it the client itself: redisStore(await createClient({ url }).connect()), or redisStore(new Redis(url)).',
  })
}

function ioredis(client: Ioredis): RedisClient {
  const command: RedisClient['command'] = ([name = '', ...args]) => inTime(() => client.call(name, ...args))
  return {
    command,
    nodes: async () => (client.isCluster ? (client.nodes?.('master') ?? []).map(ioredis) : [{ command }]),
    keyPrefix: client.options?.keyPrefix ?? '',
  }
}

function nodeRedis(client: NodeRedis): RedisClient {
  const isCluster = typeof client.nodeClient === 'function'
  const isSentinel = 'getMasterNode' in client
  const command: RedisClient['command'] = (args, key) =>
    inTime((abortSignal) => {
      // Taken off the queue when nobody waits for it any more.
      const options = { abortSignal }
      if (isCluster) return client.sendCommand(key, false, args, options)
      return isSentinel ? client.sendCommand(false, args, options) : client.sendCommand(args, options)
    })
  const masters = () => Promise.all((client.masters ?? []).map(async (master) => client.nodeClient?.(master)))
  return {
    command,
    nodes: async () => (isCluster ? (await masters()).map((node) => nodeRedis(node as NodeRedis)) : [{ command }]),
    keyPrefix: '',
  }
}

function inTime(send: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
  const limit = new AbortController()
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(tooLate)
      limit.abort()
    }, patience)
    send(limit.signal)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
}

/** An answer as text: a client may have been told to give bytes. */
export function textOf(answer: unknown): string | undefined {
  if (answer === null || answer === undefined) return undefined
  return answer instanceof Uint8Array ? new TextDecoder().decode(answer) : String(answer)
}
