import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PentauthError } from '../src/index.ts'
import { memoryLock } from '../src/lock.ts'
import { type Issuer, temporary, url, type World, world } from './support/session.ts'

// 200 calls at once, with the session in the state a storm finds it in.

const calls = 200

interface Outcome {
  readonly ok: number
  readonly tokenRequests: number
  readonly alive: boolean
  /** The codes of the errors that were thrown, and the statuses of what is not ok, each once. */
  readonly failures: readonly unknown[]
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }))
afterEach(() => void vi.useRealTimers())

/** The end of the calls, as fast as the timers can be turned. */
async function ended<T>(work: Promise<T>): Promise<T> {
  let isOver = false
  work.finally(() => {
    isOver = true
  })
  for (let tenths = 0; tenths < 1_200 && !isOver; tenths++) await vi.advanceTimersByTimeAsync(100)
  return work
}

const codeOf = (error: unknown) => (PentauthError.isInstance(error) ? error.code : error)

type Fetch = (input: string) => Promise<Response>

async function storm({ issuer, auth }: World, fetchers: readonly Fetch[] = [auth().fetch]): Promise<Outcome> {
  const before = issuer.requests.length
  const call = async (fetch: Fetch) => fetch(url).then(({ status }) => (status === 200 ? 'ok' : status), codeOf)
  const all = Array.from({ length: calls }, (_, index) => call(fetchers[index % fetchers.length] as Fetch))
  const outcomes = await ended(Promise.all(all))
  return {
    ok: outcomes.filter((outcome) => outcome === 'ok').length,
    tokenRequests: issuer.requests.length - before,
    alive: issuer.alive,
    failures: [...new Set(outcomes.filter((outcome) => outcome !== 'ok'))],
  }
}

/** Signed in, and the token has ended. */
async function expired(given: Partial<Issuer> = {}, answers?: (count: number) => number): Promise<World> {
  const made = world({ latency: 100, ...given }, answers)
  made.clock.timers = true
  const { expiresAt = 0 } = await made.signIn()
  vi.setSystemTime(expiresAt + 60_000)
  return made
}

/** Signed in and in use, and the server has revoked the token before its end; answers take up to that long (ms). */
async function revokedEarly(spread: number, given: Partial<Issuer> = {}): Promise<[World, World['auth']]> {
  const made = world({ latency: 100, ...given }, (count) => ((count * 7919) % calls) * (spread / calls))
  made.clock.timers = true
  const { accessToken } = await made.signIn()
  const auth = made.auth()
  await ended(auth.fetch(url))
  made.issuer.valid.delete(accessToken)
  return [made, () => auth]
}

const perfect: Outcome = { ok: calls, tokenRequests: 1, alive: true, failures: [] }

describe('200 calls', () => {
  it('expired', async () => {
    expect(await storm(await expired())).toEqual(perfect)
  })

  it.each([
    ['early-401-0.3s', 300],
    ['early-401-2s', 2_000],
  ])('%s', async (_name, spread) => {
    const [made, auth] = await revokedEarly(spread)
    expect(await storm(made, [auth().fetch])).toEqual(perfect)
    expect(made.sent.length).toBeLessThanOrEqual(1 + 2 * calls)
  })

  it('slow-token-endpoint', async () => {
    expect(await storm(await expired({ latency: 6_000 }))).toEqual(perfect)
  })

  it('one-503', async () => {
    const outcome = await storm(await expired({ turns: [temporary(503)] }))
    expect(outcome).toEqual({ ...perfect, tokenRequests: 2 })
  })

  it('one-503 that asks for a second', async () => {
    const outcome = await storm(await expired({ turns: [temporary(503, 1)] }))
    expect(outcome).toEqual({ ...perfect, tokenRequests: 2 })
  })

  it('lost-response: one clean sign_in_required for all, and no request after that', async () => {
    const made = await expired({ turns: ['lost'] })
    const auth = made.auth()
    const over = { ok: 0, alive: false, failures: ['sign_in_required'] }
    expect(await storm(made, [auth.fetch])).toEqual({ ...over, tokenRequests: 2 })
    expect(await storm(made, [auth.fetch])).toEqual({ ...over, tokenRequests: 0 })
    expect(await storm(made, [made.auth({ store: made.elsewhere() }).fetch])).toEqual({ ...over, tokenRequests: 0 })
  })

  it('lost-response-grace', async () => {
    const outcome = await storm(await expired({ turns: ['lost'], rotation: 'grace' }))
    expect(outcome).toEqual({ ...perfect, tokenRequests: 2 })
  })

  it.each([
    ['answers 503', temporary(503)],
    ['answers 503 and asks for a minute', temporary(503, 60)],
    ['answers nothing', temporary()],
  ])('down: the token endpoint %s', async (_name, always) => {
    const made = await expired({ always })
    const auth = made.auth()
    const outcome = await storm(made, [auth.fetch])
    expect(outcome).toEqual({
      ok: 0,
      tokenRequests: expect.any(Number),
      alive: true,
      failures: ['temporarily_unavailable'],
    })
    expect(outcome.tokenRequests).toBeLessThanOrEqual(2)
    // Those who come during the pause cost nothing.
    expect((await storm(made, [auth.fetch])).tokenRequests).toBe(0)
    made.issuer.always = 'ok'
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await storm(made, [auth.fetch])).toEqual(perfect)
  })

  it('down for as long as calls keep coming: one request a pause', async () => {
    const made = await expired({ always: temporary(503), latency: 0 })
    const { fetch } = made.auth()
    for (let call = 0; call < calls; call++) {
      await ended(fetch(url).catch(() => undefined))
      await vi.advanceTimersByTimeAsync(100)
    }
    // 20 s and more: after a second, two, four, eight.
    expect(made.issuer.requests.length).toBeLessThanOrEqual(7)
    expect(await made.saved()).toBeDefined()
  })

  it('early-401 and down: temporary errors, no sign-out', async () => {
    const [made, auth] = await revokedEarly(2_000, { always: temporary(503) })
    const outcome = await storm(made, [auth().fetch])
    expect(outcome).toMatchObject({ ok: 0, alive: true, failures: ['temporarily_unavailable'] })
    expect(outcome.tokenRequests).toBeLessThanOrEqual(6)
  })

  it('expired, in four processes that share store and lock', async () => {
    const made = await expired()
    const lock = memoryLock()
    const processes = Array.from({ length: 4 }, () => made.auth({ store: made.elsewhere(), lock }).fetch)
    expect(await storm(made, processes)).toEqual(perfect)
  })

  it('early-401, in four processes that share store and lock', async () => {
    const made = world({ latency: 100 }, (count) => (count * 37) % 2_000)
    made.clock.timers = true
    const { accessToken } = await made.signIn()
    const lock = memoryLock()
    const processes = Array.from({ length: 4 }, () => made.auth({ store: made.elsewhere(), lock }).fetch)
    await ended(Promise.all(processes.map((fetch) => fetch(url))))
    made.issuer.valid.delete(accessToken)
    expect(await storm(made, processes)).toEqual(perfect)
  })

  it('expired, with two sources over one store and no lock of their own', async () => {
    const made = await expired()
    expect(await storm(made, [made.auth().fetch, made.auth().fetch])).toEqual(perfect)
  })
})
