import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { Redis } from 'ioredis'
import { createClient, createClientPool, createSentinel, RESP_TYPES } from 'redis'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { PentauthError } from '../src/index.ts'
import { redisStore } from '../src/redis-store.ts'
import {
  answering,
  clientNames,
  clients,
  ended,
  freePort,
  redisServerPath,
  startRedis,
  whyNot,
} from './support/redis-server.ts'

describe.skipIf(whyNot)(`a store in Redis${whyNot}`, () => {
  describe.each(clientNames)('with the package %s', (name) => {
    const open = clients[name]

    it('keeps text of all kinds, and one client has one store', async () => {
      const { path } = await startRedis()
      const { client } = await open(path)
      const store = redisStore(client)
      expect([redisStore(client) === store, redisStore(client, { prefix: 'other:' }) === store]).toEqual([true, false])
      expect(store.name).toBe('redis "pentauth:"')
      for (const value of ['', 'a', '{"é": "\u0000 \r\n 🌳"}', 'x'.repeat(1_000_000)]) {
        await store.set('key', value)
        expect(await store.get('key')).toBe(value)
      }
      await store.delete('key')
      await store.delete('key')
      expect(await store.get('key')).toBeUndefined()
    })

    it('lists the keys that begin so, letter by letter, and no lock', async () => {
      const { path } = await startRedis()
      const { client } = await open(path)
      const store = redisStore(client)
      const odd = ['a*b', 'a?b', 'a[b]', 'a\\b', 'a{b}', 'a}:lock', 'axb', 'é', '']
      for (const key of odd) await store.set(key, 'value')
      await redisStore(client, { prefix: 'pentauth:x' }).set('a', 'value')
      for (let index = 0; index < 2_000; index += 1) await store.set(`many/${index}`, 'value')
      await store.withLock('a*b', async () => {
        expect(await store.keys('a*')).toEqual(['a*b'])
        expect(await store.keys('a[b]')).toEqual(['a[b]'])
        expect(await store.keys('a\\')).toEqual(['a\\b'])
        expect(new Set(await store.keys('a'))).toEqual(new Set(odd.filter((key) => key.startsWith('a'))))
        expect(await store.keys('many/')).toHaveLength(2_000)
        expect(await store.keys('none')).toEqual([])
      })
    })

    it('says what Redis refuses, and neither key nor value', async () => {
      const secret = testKey.token('in redis')
      const { path } = await startRedis()
      const { client, ask } = await open(path)
      const store = redisStore(client)
      await ask('RPUSH', 'pentauth:{list}', secret)
      await ask('ACL', 'SETUSER', 'reader', 'on', '>word', '~*', '+get', '+ping', '+hello', '+client', '+info')
      const reader = redisStore((await open(path, { username: 'reader', password: 'word' })).client)
      const errors = {
        wrongType: await caught(store.get('list')),
        noPermission: await caught(reader.set(`session/${secret}`, secret)),
        noLock: await caught(reader.withLock(`session/${secret}`, async () => 'never')),
        noKeys: await caught(reader.keys('')),
        full: await store.withLock('a', async () => {
          await ask('CONFIG', 'SET', 'maxmemory', '1mb', 'maxmemory-policy', 'noeviction')
          return caught(store.set('a', secret))
        }),
        fullWithoutLock: await caught(store.set('b', secret)),
      }
      const said = Object.entries(errors).map(([way, { code, message, retryable }]) => {
        expect({ code, retryable }).toEqual({ code: 'store_failed', retryable: true })
        return [way, message.replace(/\. .*/, '')]
      })
      expect(Object.fromEntries(said)).toEqual({
        wrongType: 'The store redis "pentauth:" could not be read (WRONGTYPE)',
        noPermission: 'The store redis "pentauth:" could not be written (NOPERM)',
        noLock: 'The store redis "pentauth:" could not be locked (NOPERM)',
        noKeys: 'The store redis "pentauth:" could not be read (NOPERM)',
        full: 'The store redis "pentauth:" could not be written (OOM)',
        fullWithoutLock: 'The store redis "pentauth:" could not be written (OOM)',
      })
      for (const error of Object.values(errors)) expectNoMarker(error)
    })

    it('is content with the permissions that the README names, and the client says nothing about them', async () => {
      const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8')
      const [, rights = '', withIoredis = ''] =
        /a Redis user needs `([^`]+)`, and with ioredis `([^`]+)`/.exec(readme) ?? []
      const { path } = await startRedis()
      const { ask } = await open(path)
      const needed = [...rights.split(' '), ...(name === 'ioredis' ? withIoredis.split(' ') : [])]
      await ask('ACL', 'SETUSER', 'app', 'on', '>word', ...needed)
      const said = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'error'), vi.spyOn(console, 'log')]
      onTestFinished(() => void vi.restoreAllMocks())
      const store = redisStore((await open(path, { username: 'app', password: 'word' })).client)
      await store.withLock('key', async () => {
        await store.set('key', 'value')
        expect(await store.keys('')).toEqual(['key'])
        await store.delete('key')
      })
      expect(said.flatMap(({ mock }) => mock.calls)).toEqual([])
    })

    it('is content with the permissions that its hint names', async () => {
      const { path } = await startRedis()
      const { ask } = await open(path)
      const { hint } = await caught(refusing('NOPERM this user has no permissions').get('a'))
      const commands = (hint as string).match(/\b[A-Z]{3,}\b/g) ?? []
      const needed = commands.map((command) => `+${command.toLowerCase()}`)
      expect(needed).toHaveLength(7)
      const handshake = ['+ping', '+hello', '+client', '+info']
      await ask('ACL', 'SETUSER', 'app', 'on', '>word', '~pentauth:*', ...needed, ...handshake)
      const store = redisStore((await open(path, { username: 'app', password: 'word' })).client)
      await store.withLock('key', async () => {
        await store.set('key', 'value')
        expect(await store.keys('')).toEqual(['key'])
        await store.delete('key')
      })
      await store.set('key', 'value')
      await store.delete('key')
      expect(await store.get('key')).toBeUndefined()
    })

    it('fails typed and in time while Redis is gone or hangs, and works when it is back', async () => {
      const first = await startRedis()
      const store = redisStore((await open(first.path)).client)
      await store.set('key', 'before')
      first.process.kill('SIGSTOP')
      const hanging = await caught(store.get('key'))
      expect(hanging).toMatchObject({ code: 'store_failed', retryable: true })
      expect(hanging.message).toMatch(/could not be read \(no answer within 5 s\)\. Check that Redis runs/)
      first.process.kill('SIGCONT')
      expect(await store.get('key')).toBe('before')
      await first.kill()
      const gone = await Promise.all([
        caught(store.set('key', 'meanwhile')),
        caught(store.withLock('key', async () => 'never')),
        caught(store.keys('')),
      ])
      for (const error of gone) expect(error).toMatchObject({ code: 'store_failed', retryable: true })
      await startRedis([], first.path)
      await store.set('key', 'after')
      expect(await store.get('key')).toBe('after')
    })
  })

  it('takes a client of redis that gives bytes', async () => {
    const { path } = await startRedis()
    const client = await createClient({ socket: { path, tls: false } }).connect()
    onTestFinished(() => client.destroy())
    const store = redisStore(client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }))
    await store.set('key', 'é')
    expect([await store.get('key'), await store.keys('k')]).toEqual(['é', ['key']])
  })

  it('takes a client of ioredis that has a prefix of its own', async () => {
    const { path } = await startRedis()
    const client = new Redis(path, { keyPrefix: 'app[1]:' })
    const store = redisStore(client)
    await store.withLock('key', () => store.set('key', 'value'))
    expect([await store.get('key'), await store.keys('k')]).toEqual(['value', ['key']])
    const { ask } = await clients.ioredis(path)
    expect(await ask('KEYS', '*')).toEqual(['app[1]:pentauth:{key}'])
    client.disconnect()
  })

  it('takes a pool of redis', async () => {
    const { path } = await startRedis()
    const pool = createClientPool({ socket: { path, tls: false } })
    pool.on('error', () => undefined)
    await pool.connect()
    onTestFinished(() => pool.destroy())
    const store = redisStore(pool)
    await store.withLock('key', () => store.set('key', 'value'))
    expect([await store.get('key'), await store.keys('k')]).toEqual(['value', ['key']])
  })

  it('takes a sentinel of redis', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pentauth-sentinel-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const [port, sentinelPort] = [await freePort(), await freePort()]
    await startRedis(['--port', `${port}`, '--bind', '127.0.0.1'])
    const config = join(folder, 'sentinel.conf')
    writeFileSync(config, `port ${sentinelPort}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 ${port} 1\n`)
    const child = spawn(redisServerPath, [config, '--sentinel'], { stdio: 'ignore' })
    onTestFinished(() => ended(child))
    await answering(sentinelPort)
    const sentinel = createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: sentinelPort }] })
    sentinel.on('error', () => undefined)
    await sentinel.connect()
    onTestFinished(() => sentinel.destroy())
    const store = redisStore(sentinel)
    await store.withLock('key', () => store.set('key', 'value'))
    expect([await store.get('key'), await store.keys('k')]).toEqual(['value', ['key']])
  })

  it('tells who forgot to connect', async () => {
    const error = await caught(redisStore(createClient()).get('key'))
    expect(error.message).toContain('could not be read (ClientClosedError). Connect the client first')
  })
})

describe('what redisStore is given', () => {
  it.each([undefined, null, 'redis://127.0.0.1', {}, { get: () => undefined }])('is no client: %s', (client) => {
    const error = failure(() => redisStore(client as never))
    expect(error.message).toMatch(/^redisStore needs a client of the package redis or ioredis\./)
  })

  it.each([
    [{ prefix: '' }, 'The option "prefix" of redisStore is no text.'],
    [{ prefix: 5 }, 'The option "prefix" of redisStore is no text.'],
    [{ lease: 99 }, 'The option "lease" of redisStore is no number of milliseconds from 100.'],
    [{ lease: Number.NaN }, 'The option "lease" of redisStore is no number of milliseconds from 100.'],
    [{ lease: 2 ** 31 }, 'The option "lease" of redisStore is no number of milliseconds from 100.'],
    [{ lease: '3000' }, 'The option "lease" of redisStore is no number of milliseconds from 100.'],
  ])('is no option: %j', (options, message) => {
    const error = failure(() => redisStore({ sendCommand: async () => 'OK' }, options as never))
    expect(error).toMatchObject({ code: 'invalid_option', message: expect.stringContaining(message) })
  })

  it('is what a client calls an error, in words of ours', async () => {
    const errors: Record<string, string> = {
      'LOADING Redis is loading the dataset in memory': ' (LOADING). Check',
      'READONLY You cannot write against a read only replica.': ' (READONLY). The client is connected to a replica',
      [`something with ${testKey.token()}`]: '. Check that Redis runs',
    }
    for (const [said, expected] of Object.entries(errors)) {
      const error = await caught(refusing(said).get('key'))
      expect(error.message).toContain(`could not be read${expected}`)
    }
  })
})

/** A client that is always told the same. */
const refusing = (message: string) => redisStore({ call: () => Promise.reject(new TypeError(message)) })

function failure(work: () => unknown): PentauthError {
  try {
    work()
  } catch (error) {
    if (PentauthError.isInstance(error)) return error
  }
  throw new TypeError('no error of ours')
}
