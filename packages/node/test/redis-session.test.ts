import { type Auth, createAuth, finishSignIn, signedIn, startSignIn } from '@pentauth/core'
import { createSandbox, signInAt } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type PentauthEvent, pensyve, relocate } from '../src/index.ts'
import { type RedisStore, redisStore } from '../src/redis-store.ts'
import { clientNames, clients, startRedis, whyNot } from './support/redis-server.ts'

// A session in Redis, from the sign-in at the sandbox's pages on, while Redis comes and goes.

const redirectUri = 'http://127.0.0.1:8123/callback'
/** Redis keeps what it was given, also when it is killed. */
const lasting = ['--appendonly', 'yes', '--appendfsync', 'always']

async function signedInWith(store: RedisStore) {
  const sandbox = createSandbox()
  const server = await listen(sandbox)
  onTestFinished(() => server.close())
  const service = relocate(pensyve, server.origins)
  const events: PentauthEvent[] = []
  const onEvent = (event: PentauthEvent) => void events.push(event)
  const shared = { store, runtime: { now: () => sandbox.clock.now() }, onEvent }
  const { url } = await startSignIn(service, { ...shared, redirectUri, client: { name: 'Test' } })
  await finishSignIn(service, await signInAt(fetch, url), shared)
  const headers = { 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: JSON.stringify({ query: 'tea' }) }
  const call = async (auth: Auth) => (await auth.fetch(`${service.resources.rest.url}/recall`, init)).status
  return {
    sandbox,
    told: (type: PentauthEvent['type']) => events.filter((event) => event.type === type),
    auth: (other = store) => createAuth(service, { ...shared, credential: signedIn({ store: other }) }),
    call,
    /** Lets the token end. */
    expire: () => void sandbox.clock.advance(1_000_000),
    renewals: () => sandbox.tokens.requests('pensyve', 'refresh_token'),
  }
}

describe.skipIf(whyNot)(`a session in Redis${whyNot}`, () => {
  describe.each(clientNames)('with the package %s', (name) => {
    it('goes on while Redis is down, and is saved when it is back', async () => {
      const first = await startRedis(lasting)
      const { client } = await clients[name](first.path)
      const store = redisStore(client)
      const { sandbox, told, auth, call, expire, renewals } = await signedInWith(store)
      const mine = auth()
      expect(await call(mine)).toBe(200)

      await first.kill()
      expect(await call(mine)).toBe(200)
      // Nobody renews without the lock, and nobody is signed out for that.
      expire()
      expect(await caught(call(mine))).toMatchObject({ code: 'store_failed', retryable: true })
      expect([renewals(), told('session_ended')]).toEqual([0, []])

      const second = await startRedis(lasting, first.path)
      expect(await call(mine)).toBe(200)
      expect(renewals()).toBe(1)

      // Redis dies with the answer of the token endpoint on its way.
      const [key = ''] = await store.keys('session/')
      const before = await store.get(key)
      expire()
      sandbox.faults.add({ service: 'pensyve', path: '/oauth/token', times: 1, delay: 1_000 })
      const asked = told('token_requested').length
      const renewing = call(mine)
      while (told('token_requested').length === asked) await new Promise((resolve) => setTimeout(resolve, 10))
      await second.kill()
      expect(await renewing).toBe(200)
      expect(told('session_not_saved')).toHaveLength(1)
      expect(await call(mine)).toBe(200)

      await startRedis(lasting, first.path)
      const elsewhere = redisStore((await clients[name](first.path)).client)
      // Saved with the next use, behind its back.
      while ((await elsewhere.get(key)) === before) expect(await call(mine)).toBe(200)
      const other = auth(elsewhere)
      expect([await call(other), renewals()]).toEqual([200, 2])
      expect(told('session_ended')).toEqual([])
    })
  })

  it('is one for two processes: one renewal, also when one of them has the older token', async () => {
    const { path } = await startRedis()
    const { auth, call, expire, renewals } = await signedInWith(redisStore((await clients.redis(path)).client))
    const others = [auth(), auth(redisStore((await clients.ioredis(path)).client))]
    for (let round = 1; round <= 5; round += 1) {
      expire()
      const calls = others.flatMap((one) => Array.from({ length: 10 }, () => call(one)))
      expect(new Set(await Promise.all(calls))).toEqual(new Set([200]))
      expect(renewals()).toBe(round)
    }
  })

  it('is over with what was in Redis, once its token ends', async () => {
    const { path } = await startRedis()
    const { client, ask } = await clients.redis(path)
    const { auth, call, expire } = await signedInWith(redisStore(client))
    const mine = auth()
    expect(await call(mine)).toBe(200)
    await ask('FLUSHALL')
    expect(await call(mine)).toBe(200)
    expire()
    expect(await caught(call(mine))).toMatchObject({ code: 'sign_in_required' })
  })
})
