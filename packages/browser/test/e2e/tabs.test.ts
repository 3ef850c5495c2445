import { describe, expect, it } from 'vitest'
import { useChromium } from './support/chromium.ts'
import { openWorld, ready, signIn, untilStatus } from './support/world.ts'

// One session in several tabs of a real browser.

const browser = useChromium()
/** Pensyve's access tokens live 900 s. */
const tokenLife = 900_000
const refreshes = 'refresh_token'
const served = Array.from({ length: 300 }, () => ({ value: 200 }))

describe.concurrent('three tabs with a hundred callers each', () => {
  it.for([0, 6_000])(
    'one token request when the token has expired, with a server that takes %i ms',
    async (delay, { onTestFinished }) => {
      const world = await openWorld(browser(), onTestFinished)
      const tabs = [await world.signedInTab(), await world.tab(), await world.tab()]
      await untilStatus(tabs, 'signed_in')
      await world.later(tokenLife + 1_000)
      const before = world.sandbox.journal.entries.length
      if (delay > 0) world.troubleAtTokens({ delay })
      const outcomes = await Promise.all(tabs.map((tab) => tab.evaluate(() => window.app.burst(100))))
      expect(outcomes.flat()).toEqual(served)
      expect(world.sandbox.tokens.requests('pensyve', refreshes)).toBe(1)
      const calls = world.sandbox.journal.entries.slice(before).filter(({ operation }) => operation === 'status')
      // Nobody called with the old token.
      expect(calls.map(({ status }) => status)).toEqual(Array.from({ length: 300 }, () => 200))
    },
  )

  it('one token request when the service refuses the token before its time', async ({ onTestFinished }) => {
    const world = await openWorld(browser(), onTestFinished)
    const tabs = [await world.signedInTab(), await world.tab(), await world.tab()]
    world.sandbox.tokens.revokeAccessTokens('pensyve')
    const outcomes = await Promise.all(tabs.map((tab) => tab.evaluate(() => window.app.burst(100))))
    expect(outcomes.flat()).toEqual(served)
    expect(world.sandbox.tokens.requests('pensyve', refreshes)).toBe(1)
    const sessions = await Promise.all(tabs.map((tab) => tab.evaluate(() => window.app.session.expiresAt)))
    expect(new Set(sessions).size).toBe(1)
  })
})

describe('what one tab does, the others know', () => {
  it('a sign-in', async ({ onTestFinished }) => {
    const world = await openWorld(browser(), onTestFinished)
    const [waiting, page] = [await world.tab(), await world.tab()]
    await untilStatus([waiting], 'signed_out')
    await signIn(page)
    await untilStatus([waiting], 'signed_in', 1_000)
    expect(await waiting.evaluate(() => window.app.call())).toEqual({ value: 200 })
  })

  it('a sign-out: every tab within a second, and the service has no token any more', async ({ onTestFinished }) => {
    const world = await openWorld(browser(), onTestFinished)
    const tabs = [await world.signedInTab(), await world.tab(), await world.tab()]
    for (const tab of tabs) expect(await tab.evaluate(() => window.app.call())).toEqual({ value: 200 })
    expect(world.sandbox.apps.list('pensyve')).toHaveLength(1)
    const leaving = tabs[1]?.evaluate(() => window.app.signOut())
    await untilStatus(tabs, 'signed_out', 1_000)
    expect(await leaving).toEqual({})
    expect(world.sandbox.apps.list('pensyve')).toEqual([])
    for (const tab of tabs) {
      const { error } = await tab.evaluate(() => window.app.call())
      expect(error?.code).toBe('sign_in_required')
      await tab.reload()
      await ready(tab)
      await untilStatus([tab], 'signed_out')
    }
    expect(world.sandbox.tokens.requests('pensyve', refreshes)).toBe(0)
  })

  it.for(['another tab', 'the same tab'])(
    'a sign-out in %s wins over a refresh that is under way',
    async (place, { onTestFinished }) => {
      const world = await openWorld(browser(), onTestFinished)
      const tabs = [await world.signedInTab(), await world.tab()] as const
      const [page] = tabs
      const other = place === 'the same tab' ? page : tabs[1]
      await untilStatus(tabs, 'signed_in')
      await world.later(tokenLife + 1_000)
      world.troubleAtTokens({ delay: 6_000 })
      const calling = page.evaluate(() => window.app.call())
      // The refresh is on its way when its lock is held.
      await expect
        .poll(() => page.evaluate(async () => (await navigator.locks.query()).held?.length ?? 0), { timeout: 10_000 })
        .toBeGreaterThan(0)
      const leaving = other.evaluate(() => window.app.signOut())
      // Every tab says so while the refresh goes on, and sends nothing any more.
      await untilStatus(tabs, 'signed_out', 3_000)
      for (const tab of tabs) expect((await tab.evaluate(() => window.app.call())).error?.code).toBe('sign_in_required')
      expect(await leaving).toEqual({})
      // The call of another tab began before, and may be answered.
      const { value, error } = await calling
      if (value === undefined || other === page) expect(error?.code).toBe('sign_in_required')
      await untilStatus(tabs, 'signed_out')
      for (const tab of tabs) expect((await tab.evaluate(() => window.app.call())).error?.code).toBe('sign_in_required')
      // Not even what the refresh brought is good for anything.
      await expect.poll(() => world.sandbox.apps.list('pensyve'), { timeout: 10_000 }).toEqual([])
      for (const tab of tabs) {
        await tab.reload()
        await ready(tab)
        await untilStatus([tab], 'signed_out')
      }
    },
  )
})
