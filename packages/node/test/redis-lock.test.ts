import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { caught } from '@pentauth/tooling/canary'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { redisStore } from '../src/redis-store.ts'
import { clientNames, clients, ended, startRedis, whyNot } from './support/redis-server.ts'

// The lock of a store in Redis, among processes of Node that run the built package.

const program = join(import.meta.dirname, 'support', 'redis-process.mjs')

interface Process {
  readonly child: ChildProcess
  /** The next line it prints. */
  readonly says: () => Promise<string>
}

function start(role: 'count' | 'hold', path: string, lease: number): Process {
  const child = spawn(process.execPath, [program, role, path, `${lease}`], {
    env: { PATH: process.env.PATH },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => ended(child))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return { child, says: async () => String((await lines.next()).value) }
}

const value = 'of the one that came after'

describe.skipIf(whyNot)(`the lock of a store in Redis${whyNot}`, () => {
  it('lets one process in at a time', async () => {
    const { path } = await startRedis()
    const processes = Array.from({ length: 4 }, () => start('count', path, 3_000))
    expect(await Promise.all(processes.map(({ says }) => says()))).toEqual(Array(4).fill('done'))
    const { client } = await clients.redis(path)
    expect(await redisStore(client).get('counter')).toBe('100')
  })

  it('comes free again when its holder is killed', async () => {
    const { path } = await startRedis()
    const { child, says } = start('hold', path, 400)
    expect(await says()).toBe('holding')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const { client } = await clients.redis(path)
    expect(await redisStore(client).withLock('session', async () => 'in')).toBe('in')
  })

  it('stays with a holder that takes longer than the lease', async () => {
    const { path } = await startRedis()
    const { child, says } = start('hold', path, 1_500)
    expect(await says()).toBe('holding')
    const { client } = await clients.redis(path)
    let isIn = false
    const waiting = redisStore(client).withLock('session', async () => {
      isIn = true
    })
    await sleep(3_000)
    expect(isIn).toBe(false)
    child.stdin?.write('write\n')
    expect(await says()).toBe('written')
    await waiting
  })

  it.each([true, false])(
    'of a holder that stood still: it changes nothing, others came meanwhile: %s',
    async (come) => {
      const { path } = await startRedis()
      const { child, says } = start('hold', path, 300)
      expect(await says()).toBe('holding')
      child.kill('SIGSTOP')
      const { client, ask } = await clients.redis(path)
      const store = redisStore(client)
      if (come) await store.withLock('session', () => store.set('session', value))
      else while ((await ask('EXISTS', 'pentauth:{session}:lock')) !== 0) await sleep(50)
      child.kill('SIGCONT')
      child.stdin?.write('write\n')
      expect(await says()).toMatch(
        /^store_failed The store redis "pentauth:" could not be written: its lock was lost\./,
      )
      expect(await store.get('session')).toBe(come ? value : undefined)
    },
  )

  describe.each(clientNames)('with the package %s', (name) => {
    it('is lost with everything else in Redis, and one of others is left alone', async () => {
      const { path } = await startRedis()
      const { client, ask } = await clients[name](path)
      const store = redisStore(client)
      await store.withLock('key', async () => {
        await store.set('key', 'kept')
        await ask('FLUSHALL')
        await ask('SET', 'pentauth:{key}:lock', 'of another')
        await ask('SET', 'pentauth:{key}', 'new')
        for (const write of [store.set('key', 'lost'), store.delete('key')])
          expect((await caught(write)).message).toContain('could not be written: its lock was lost')
        // Of other keys it has none.
        await store.set('another', 'value')
      })
      expect(await ask('GET', 'pentauth:{key}:lock')).toBe('of another')
      expect([await store.get('key'), await store.get('another')]).toEqual(['new', 'value'])
    })

    it('ends with the work, also with one that fails, and leaves no key behind', async () => {
      const { path } = await startRedis()
      const { client, ask } = await clients[name](path)
      const { withLock } = redisStore(client)
      const failing = withLock('key', () => Promise.reject(new TypeError('of the work')))
      expect((await caught(failing)).message).toBe('of the work')
      expect(await withLock('key', async () => 5)).toBe(5)
      expect(await ask('DBSIZE')).toBe(0)
    })

    it('lets one of this process ask Redis, however many wait', async () => {
      const { path } = await startRedis()
      const { client, ask } = await clients[name](path)
      const { withLock } = redisStore(client)
      const turns: number[] = []
      await Promise.all(Array.from({ length: 50 }, (_, turn) => withLock('key', async () => void turns.push(turn))))
      expect(turns).toEqual(Array.from({ length: 50 }, (_, turn) => turn))
      // To take it and to give it back.
      expect(String(await ask('INFO', 'commandstats'))).toMatch(/cmdstat_eval:calls=100,/)
    })
  })
})

describe.skipIf(whyNot)(`a lock in Redis that takes long to come${whyNot}`, () => {
  afterEach(() => void vi.restoreAllMocks())

  it('is waited for while its holder lives, in this process and in others', async () => {
    const real = performance.now.bind(performance)
    let shift = 0
    vi.spyOn(performance, 'now').mockImplementation(() => real() + shift)
    const { path } = await startRedis()
    const [one, other] = await Promise.all([clients.redis(path), clients.ioredis(path)])
    const [mine, theirs] = [redisStore(one.client, { lease: 300 }), redisStore(other.client, { lease: 300 })]
    let leave = () => {}
    const left = new Promise<void>((resolve) => {
      leave = resolve
    })
    const held = mine.withLock('key', () => left)
    await sleep(50)
    const waiting = [mine.withLock('key', async () => 'in'), theirs.withLock('key', async () => 'in')]
    // Two minutes of a person who signs in, in which the lock is renewed again and again.
    for (let step = 0; step < 3; step++) {
      await sleep(500)
      shift += 40_000
    }
    leave()
    await held
    expect(await Promise.all(waiting)).toEqual(['in', 'in'])
  })

  it('is given up where nobody renews it', async () => {
    const real = performance.now.bind(performance)
    let shift = 0
    vi.spyOn(performance, 'now').mockImplementation(() => real() + shift)
    const { path } = await startRedis()
    const { client, ask } = await clients.redis(path)
    await ask('SET', 'pentauth:{key}:lock', 'for ever')
    const waiting = caught(redisStore(client).withLock('key', async () => 'never'))
    await sleep(300)
    shift = 60_000
    expect((await waiting).message).toMatch(/could not be locked within 60 s\./)
  })
})

describe('a lock in Redis', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('is waited for a minute', async () => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    const store = redisStore({
      sendCommand: async () => {
        now += 10_000
        return 0
      },
    })
    const error = await caught(store.withLock('key', async () => 'never'))
    expect(error).toMatchObject({ code: 'store_failed', retryable: true })
    expect(error.message).toMatch(/^The store redis "pentauth:" could not be locked within 60 s\. Another process/)
    expect(now).toBe(60_000)
  })
})
