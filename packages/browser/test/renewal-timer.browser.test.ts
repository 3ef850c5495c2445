import { createAuth as coreAuth, memoryStore, pensyve, signedIn } from '@pentauth/core'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { renewalTimer } from '../src/renewal-timer.ts'
import type { SessionSnapshot } from '../src/snapshot.ts'
import { visibility } from './support/visibility.ts'

const start = 1_800_000_000_000
const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000]
let page: ReturnType<typeof visibility>
beforeEach(() => {
  vi.useFakeTimers({ now: start })
  onTestFinished(() => void vi.useRealTimers())
  page = visibility()
})

function timerOf(session: Partial<SessionSnapshot>, renewed: () => Promise<unknown> = async () => undefined) {
  const renew = vi.fn(renewed)
  const shown = { current: (): SessionSnapshot => ({ status: 'signed_in', account: 'a', ...session }) }
  return { renew, timer: renewalTimer(shown, renew) }
}

describe('when a token is renewed', () => {
  it.each([
    ['an hour', hour, 30 * second],
    ['a quarter of an hour', 15 * minute, 30 * second],
    ['a minute', minute, 6 * second],
    ['ten seconds', 10 * second, second],
  ])('of %s: shortly before its end, once', async (_, life, ahead) => {
    const { renew, timer } = timerOf({ expiresAt: start + life })
    timer.set()
    await vi.advanceTimersByTimeAsync(life - ahead - 1)
    expect(renew).toHaveBeenCalledTimes(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(renew).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(10 * day)
    expect(renew).toHaveBeenCalledTimes(1)
  })

  it('is when core does so: its source asks for a new one', async () => {
    const store = memoryStore()
    const issuer = 'https://mcp.pensyve.com'
    const client = { clientId: 'client-1', authMethod: 'none' }
    const tokens = { accessToken: 'first', refreshToken: 'refresh', obtainedAt: start, expiresAt: start + 15 * minute }
    const about = { version: 1, issuer, tokenEndpoint: `${issuer}/oauth/token`, client, resource: `${issuer}/mcp` }
    const key = `session/${encodeURIComponent(`${issuer}/mcp`)}/default/default`
    await store.set(key, JSON.stringify({ ...about, account: 'default', ...tokens }))
    const answer = { access_token: 'second', token_type: 'Bearer', expires_in: 900 }
    const fetch = vi.fn(async () => Response.json(answer))
    const auth = coreAuth(pensyve, { credential: signedIn({ store }), runtime: { fetch } })
    await auth.credential()
    const { timer } = timerOf({ expiresAt: tokens.expiresAt }, () => auth.credential(pensyve.resources.rest.url))
    timer.set()
    await vi.advanceTimersByTimeAsync(15 * minute - 31 * second)
    expect(fetch).toHaveBeenCalledTimes(0)
    await vi.advanceTimersByTimeAsync(2 * second)
    await expect.poll(() => fetch.mock.calls.length).toBe(1)
  })

  it('is at once where it has ended, or nearly', async () => {
    const { renew, timer } = timerOf({ expiresAt: start - day })
    timer.set()
    await vi.advanceTimersByTimeAsync(0)
    expect(renew).toHaveBeenCalledTimes(1)
  })

  it.each<[string, Partial<SessionSnapshot>]>([
    ['nobody is signed in', { status: 'signed_out', expiresAt: start }],
    ['the session has ended', { status: 'ended', expiresAt: start }],
    ['nothing is known yet', { status: 'loading', expiresAt: start }],
    ['nobody said when it ends', {}],
  ])('is never, when %s', (_, session) => {
    timerOf(session).timer.set()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is counted by the clock of the page, where that has one of its own', async () => {
    const renew = vi.fn(async () => undefined)
    const shown = { current: (): SessionSnapshot => ({ status: 'signed_in', account: 'a', expiresAt: minute }) }
    renewalTimer(shown, renew, () => 0).set()
    await vi.advanceTimersByTimeAsync(54 * second)
    expect(renew).toHaveBeenCalledTimes(1)
  })
})

describe('the timer', () => {
  it('looks at the clock every hour, and is never too long for a browser', async () => {
    const waits = vi.spyOn(globalThis, 'setTimeout')
    const { renew, timer } = timerOf({ expiresAt: start + 400 * day })
    timer.set()
    await vi.advanceTimersByTimeAsync(5 * day)
    expect(renew).toHaveBeenCalledTimes(0)
    expect(Math.max(...waits.mock.calls.map(([, wait = 0]) => wait))).toBeLessThanOrEqual(hour)
    // The clock is set by a year: known within the hour.
    vi.setSystemTime(start + 400 * day)
    await vi.advanceTimersByTimeAsync(hour)
    await vi.advanceTimersByTimeAsync(second)
    expect(renew).toHaveBeenCalledTimes(1)
    waits.mockRestore()
  })

  it('there is one, however often it is set', () => {
    const { timer } = timerOf({ expiresAt: start + hour })
    for (let round = 0; round < 10; round++) timer.set()
    expect(vi.getTimerCount()).toBe(1)
    timer.stop()
    timer.stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('a clock that is set back renews nothing for it', async () => {
    const { renew, timer } = timerOf({ expiresAt: start + 15 * minute })
    vi.setSystemTime(start - day)
    timer.set()
    await vi.advanceTimersByTimeAsync(23 * hour)
    expect(renew).toHaveBeenCalledTimes(0)
  })

  it('after a sleep one renewal is asked for, whoever woke the page', async () => {
    const { renew, timer } = timerOf({ expiresAt: start + 15 * minute })
    timer.set()
    vi.setSystemTime(start + 8 * hour)
    for (let wake = 0; wake < 3; wake++) timer.set()
    await vi.advanceTimersByTimeAsync(hour)
    expect(renew).toHaveBeenCalledTimes(1)
  })

  it('renews nothing for a hidden page, until it is seen', async () => {
    const { renew, timer } = timerOf({ expiresAt: start + minute })
    timer.set()
    page.set('hidden')
    await vi.advanceTimersByTimeAsync(day)
    expect(renew).toHaveBeenCalledTimes(0)
    page.set('visible')
    timer.set()
    await vi.advanceTimersByTimeAsync(0)
    expect(renew).toHaveBeenCalledTimes(1)
  })

  it('a failure is tried again by nobody here', async () => {
    const failures: unknown[] = []
    const hear = (event: PromiseRejectionEvent) => void failures.push(event.reason)
    addEventListener('unhandledrejection', hear)
    onTestFinished(() => removeEventListener('unhandledrejection', hear))
    const { renew, timer } = timerOf({ expiresAt: start + minute }, () =>
      Promise.reject(new TypeError('Failed to fetch')),
    )
    timer.set()
    await vi.advanceTimersByTimeAsync(day)
    expect([renew.mock.calls.length, vi.getTimerCount(), failures]).toEqual([1, 0, []])
  })
})
