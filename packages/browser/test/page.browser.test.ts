import { memoryStore, pensyve } from '@pentauth/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openWorld } from './support/world.ts'

vi.mock('../src/framed.ts', () => ({ isFramed: () => false }))
afterEach(() => {
  history.replaceState(null, '', '/')
  vi.restoreAllMocks()
})

const hour = 3_600_000

describe('a page that a sign-in came back to', () => {
  it('renews no session that it finds, which may be a copy, until it has finished', async () => {
    const world = await openWorld()
    const storage = { ...memoryStore(), name: 'sessionStorage' }
    await world.signIn(world.open(pensyve, { storage }))
    world.sandbox.clock.advance(2 * hour)
    const renewals = () => world.sandbox.tokens.requests('pensyve', 'refresh_token')
    history.replaceState(null, '', '/callback?code=of-nobody&state=unknown')
    const redirectUri = '/callback'
    const runtime = { now: () => Date.now() + 2 * hour }
    const auth = world.open(pensyve, { storage, redirectUri, runtime })
    await expect.poll(() => auth.session.status).toBe('signed_in')
    await expect(auth.finishSignIn()).rejects.toMatchObject({ code: 'sign_in_response_invalid' })
    expect(renewals()).toBe(0)
    expect((await auth.fetch('https://api.pensyve.com/v1/account')).status).toBe(200)
    expect(renewals()).toBe(1)
    auth.dispose()
  })
})

describe('a page whose redirectUri is no page of its origin', () => {
  it('goes on with its session, and only a sign-in says so', async () => {
    const world = await openWorld()
    const storage = { ...memoryStore(), name: 'a disk' }
    await world.signIn(world.open(pensyve, { storage }))
    const reported = vi.spyOn(globalThis, 'reportError')
    const auth = world.open(pensyve, { storage, redirectUri: 'https://elsewhere.example/callback' })
    await expect.poll(() => auth.session.status).toBe('signed_in')
    expect((await auth.fetch('https://api.pensyve.com/v1/account')).status).toBe(200)
    await expect(auth.signIn()).rejects.toMatchObject({ code: 'invalid_option' })
    expect(reported).not.toHaveBeenCalled()
    auth.dispose()
  })
})

describe('dispose', () => {
  it('leaves no listener and no channel, and no timer that goes on', async () => {
    const world = await openWorld()
    const storage = { ...memoryStore(), name: 'a disk' }
    await world.signIn(world.open(pensyve, { storage }))
    const open = new Set<string>()
    for (const target of [globalThis, document] as const) {
      const { addEventListener: add, removeEventListener: remove } = target
      vi.spyOn(target, 'addEventListener').mockImplementation((...args: unknown[]) => {
        open.add(`listener ${args[0]}`)
        Reflect.apply(add, target, args)
      })
      vi.spyOn(target, 'removeEventListener').mockImplementation((...args: unknown[]) => {
        open.delete(`listener ${args[0]}`)
        Reflect.apply(remove, target, args)
      })
    }
    const close = vi.spyOn(BroadcastChannel.prototype, 'close')
    const set = vi.spyOn(globalThis, 'setTimeout')
    const cleared = vi.spyOn(globalThis, 'clearTimeout')
    const auth = world.open(pensyve, { storage })
    await expect.poll(() => auth.session.status).toBe('signed_in')
    expect(open.size).toBeGreaterThan(3)
    const renewal = set.mock.calls.findIndex(([, ms]) => (ms ?? 0) > hour / 6)
    expect(renewal).toBeGreaterThanOrEqual(0)
    auth.dispose()
    await expect.poll(() => close.mock.calls.length).toBe(1)
    expect([...open]).toEqual([])
    expect(cleared.mock.calls.flat()).toContain(set.mock.results[renewal]?.value)
  })
})
