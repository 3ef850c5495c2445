import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { onTestFinished } from 'vitest'
import type { RedisStoreClient } from '../../src/redis-store.ts'

// A real Redis server, where there is one: `npm test` brings it.

/** `npm test` says where it is. */
export const redisServerPath: string = process.env.REDIS_SERVER_PATH ?? ''
/** For the names of tests that are skipped. */
export const whyNot: string = redisServerPath === '' ? ' (skipped: REDIS_SERVER_PATH names no redis-server)' : ''

export interface RedisServer {
  /** A socket of its own, so that nobody else's port is in the way. */
  readonly path: string
  readonly process: ChildProcess
  /** As a crash: nothing is saved. */
  kill(): Promise<void>
}

/** Starts one that lasts as long as the test, with what else it is to be told. */
export async function startRedis(flags: readonly string[] = [], given?: string): Promise<RedisServer> {
  const folder = given ? undefined : mkdtempSync(join(tmpdir(), 'pentauth-redis-'))
  const path = given ?? join(folder ?? '', 'redis.sock')
  const silent = ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no', '--dir', join(path, '..')]
  const child = spawn(redisServerPath, [...silent, ...flags], { stdio: 'ignore' })
  const kill = () => ended(child)
  onTestFinished(async () => {
    await kill()
    if (folder) rmSync(folder, { recursive: true, force: true })
  })
  await answering(path)
  return { path, process: child, kill }
}

/** A child that was told to end, and has. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  // One that was stopped ends, too.
  child.kill('SIGKILL')
  await exit
}

/** Waits until a server takes connections. */
export async function answering(address: string | number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = typeof address === 'number' ? connect(address, '127.0.0.1') : connect(address)
      socket.on('connect', () => socket.write('PING\r\n'))
      // One that wants a password answers, too.
      socket.on('data', () => resolve(true))
      socket.on('error', () => resolve(false))
      socket.on('close', () => resolve(false))
      onTestFinished(() => void socket.destroy())
    })
    if (isThere) return
    await sleep(50)
  }
  throw new TypeError('redis-server does not answer')
}

/** A port of this machine that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

export interface Credentials {
  readonly username?: string
  readonly password?: string
}

export interface Opened {
  readonly client: RedisStoreClient
  /** What a test says to Redis itself. */
  readonly ask: (...args: [string, ...string[]]) => Promise<unknown>
}

export const clientNames: readonly ['redis', 'ioredis'] = ['redis', 'ioredis']

/** Ways to connect: the packages that people use. */
export const clients: Record<
  (typeof clientNames)[number],
  (path: string, credentials?: Credentials) => Promise<Opened>
> = {
  async redis(path, credentials = {}) {
    const client = createClient({ socket: { path, tls: false, reconnectStrategy: 50 }, ...credentials })
    client.on('error', () => undefined)
    await client.connect()
    onTestFinished(() => client.destroy())
    return { client, ask: (...args) => client.sendCommand(args) }
  },
  async ioredis(path, credentials = {}) {
    const client = new Redis(path, { retryStrategy: () => 50, ...credentials })
    client.on('error', () => undefined)
    onTestFinished(() => client.disconnect())
    await once(client, 'ready')
    return { client, ask: (...args) => client.call(...args) }
  },
}
