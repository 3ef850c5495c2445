import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signOut } from '@pentauth/core'
import { fileStore } from '@pentauth/node'
import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it, onTestFinished } from 'vitest'
import { pentauthErrorIn } from '../src/index.ts'
import { both, connect, connectStock, type OfficialClient } from './support/clients.ts'
import { caller } from './support/processes.ts'
import { json } from './support/server.ts'
import { type SmallWorld, smallWorld } from './support/small-world.ts'
import { stockProvider } from './support/stock.ts'

// Renewals, at a server that replaces refresh tokens and ends a sign-in whose old one is used again. What the adapter does is shown
// beside what the SDKs do by themselves, so that no test here can pass in vain.

const echo = (client: OfficialClient) => client.callTool({ name: 'echo', arguments: {} })
const storm = async (...clients: readonly OfficialClient[]) => {
  const calls = clients.flatMap((client) => Array.from({ length: 20 / clients.length }, () => echo(client)))
  const outcomes = await Promise.allSettled(calls)
  return outcomes.filter(({ status }) => status === 'fulfilled').length
}

/** A stock client that is signed in. */
async function stock(kind: (typeof both)[number], world: SmallWorld, kept = {}) {
  const provider = stockProvider({ client: { client_id: 'client-0' }, tokens: world.issuer.issue(), ...kept })
  return { provider, client: await connectStock(kind, world.url, { authProvider: provider }) }
}

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'pentauth-mcp-'))
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  return made
}

describe.each(both)('%s', (kind) => {
  describe('20 calls at once', () => {
    it('whose token was revoked early: one renewal, all succeed', async () => {
      const world = await smallWorld()
      await world.signIn()
      const client = await connect(kind, world.auth())
      world.issuer.valid.clear()
      expect(await storm(client)).toBe(20)
      expect(world.issuer.forms).toHaveLength(2)
    })

    it('whose token has expired: one renewal, and nothing is sent in vain', async () => {
      const world = await smallWorld()
      await world.signIn()
      const client = await connect(kind, world.auth())
      world.issuer.valid.clear()
      world.clock.now += 7_200_000
      expect(await storm(client)).toBe(20)
      const calls = world.server.seen.filter(({ body }) => body.includes('tools/call'))
      expect([world.issuer.refreshes(), calls.length]).toEqual([1, 20])
    })

    it('of two connections and two sources: one renewal', async () => {
      const world = await smallWorld()
      await world.signIn()
      const clients = [await connect(kind, world.auth()), await connect(kind, world.auth())]
      world.issuer.valid.clear()
      expect(await storm(...clients)).toBe(20)
      expect(world.issuer.refreshes()).toBe(1)
    })

    it('the twin: by the SDK alone the sign-in is lost, and browsers open', async () => {
      const world = await smallWorld()
      const { provider, client } = await stock(kind, world)
      world.issuer.valid.clear()
      expect(await storm(client)).toBeLessThan(20)
      expect(world.issuer.refreshes()).toBeGreaterThan(1)
      expect(provider.pages.length).toBeGreaterThan(0)
    })
  })

  describe('two processes with one saved sign-in', () => {
    it('renew it once for both', async () => {
      const world = await smallWorld()
      const place = await folder()
      await world.signIn({ store: fileStore({ folder: place }) })
      const callers = [caller(kind, world.url, place), caller(kind, world.url, place)]
      expect(await Promise.all(callers.map(({ connected }) => connected))).toEqual(['connected', 'connected'])
      world.issuer.valid.clear()
      const codes = await Promise.all(callers.map(({ call }) => call()))
      expect(codes.flat()).toEqual(Array(20).fill('ok'))
      expect(world.issuer.refreshes()).toBe(1)
    })

    it('the twin: two stock clients that began with the same tokens lose the sign-in', async () => {
      const world = await smallWorld()
      const tokens = world.issuer.issue()
      const [one, other] = [await stock(kind, world, { tokens }), await stock(kind, world, { tokens })]
      world.issuer.valid.clear()
      const outcomes = await Promise.allSettled([echo(one.client), echo(other.client)])
      expect(outcomes.map(({ status }) => status)).toContain('rejected')
      expect(one.provider.pages.length + other.provider.pages.length).toBeGreaterThan(0)
    })
  })

  describe('trouble at the token endpoint', () => {
    const troubles = [
      ['500', 500, {}],
      ['503', 503, {}],
      ['429', 429, { 'retry-after': '7' }],
      ['no answer', undefined, {}],
    ] as const

    it.each(troubles)('%s: opens no sign-in, ends no session, and passes', async (_, status, headers) => {
      const world = await smallWorld()
      await world.signIn()
      const wanted: unknown[] = []
      const client = await connect(kind, world.auth(), { signIn: async ({ reason }) => void wanted.push(reason.code) })
      world.issuer.valid.clear()
      const { instead } = world.issuer
      for (let count = 0; count < 9; count++)
        instead.push((response) =>
          status === undefined ? response.destroy() : json(response, status, { error: 'server_error' }, headers),
        )
      const failures = await Promise.all([1, 2, 3].map(async () => pentauthErrorIn(await caught(echo(client)))))
      expect(failures.map((failure) => failure?.code)).toEqual(Array(3).fill('temporarily_unavailable'))
      expect(failures[0]).toMatchObject({ retryable: true, ...(status === 429 ? { retryAfter: 7 } : {}) })
      // One piece of work for all three calls, which may try more than once.
      expect(world.issuer.refreshes()).toBeLessThan(4)
      instead.length = 0
      world.clock.now += 60_000
      await echo(client)
      expect(wanted).toEqual([])
    })

    it('a timeout is no other', async () => {
      const world = await smallWorld()
      await world.signIn()
      const wanted: unknown[] = []
      // Nobody waits for the ten seconds.
      const slow: typeof fetch = (input, init) =>
        String(input).endsWith('/token') ? Promise.reject(new DOMException('late', 'TimeoutError')) : fetch(input, init)
      const auth = world.auth(undefined, { fetch: slow })
      const client = await connect(kind, auth, { signIn: async ({ reason }) => void wanted.push(reason.code) })
      world.issuer.valid.clear()
      expect(pentauthErrorIn(await caught(echo(client)))).toMatchObject({ code: 'temporarily_unavailable' })
      expect(wanted).toEqual([])
    })

    it('the twin: by the SDK alone, 503 opens a browser', async () => {
      const world = await smallWorld()
      const { provider, client } = await stock(kind, world)
      world.issuer.valid.clear()
      world.issuer.instead.push((response) => json(response, 503, { error: 'server_error' }))
      await caught(echo(client))
      expect(provider.pages).toHaveLength(1)
    })
  })

  describe('an end that is known', () => {
    it('costs no request, also after a restart', async () => {
      const world = await smallWorld()
      await world.signIn()
      world.clock.now += 7_200_000
      world.issuer.valid.clear()
      await echo(await connect(kind, world.auth()))
      expect(world.issuer.refreshes()).toBe(1)
      const sent = world.server.at('/mcp').map(({ headers }) => headers.get('authorization'))
      expect(new Set(sent.filter((one) => one !== null)).size, 'only the new one was sent').toBe(1)
    })

    it('the twin: the SDK keeps no time, and sends what has expired', async () => {
      const world = await smallWorld()
      const tokens = { ...world.issuer.issue(), expires_in: 0 }
      world.issuer.valid.clear()
      await stock(kind, world, { tokens })
      const [first] = world.server.at('/mcp')
      expect(first?.headers.get('authorization') === `Bearer ${tokens.access_token}`, 'the old one').toBe(true)
    })
  })

  it('signing out ends the tokens at the server, too', async () => {
    const world = await smallWorld()
    await world.signIn()
    const client = await connect(kind, world.auth())
    await signOut(world.service, world.shared)
    expect([world.issuer.valid.size, world.home.at('/revoke').length]).toEqual([0, 1])
    expect(pentauthErrorIn(await caught(echo(client)))?.code).toBe('sign_in_required')
  })

  it('the twin: a stock client that forgets its tokens leaves them good', async () => {
    const world = await smallWorld()
    const { provider, client } = await stock(kind, world)
    provider.kept.tokens = undefined
    await client.close()
    expect([world.issuer.valid.size, world.home.at('/revoke').length]).toEqual([1, 0])
  })
})
