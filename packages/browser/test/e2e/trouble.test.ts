import { describe, expect, it } from 'vitest'
import { useChromium } from './support/chromium.ts'
import { openWorld, ready, signIn, untilStatus } from './support/world.ts'

// Trouble at the token endpoint: what passes signs nobody out, and what the server says for good does.

const browser = useChromium()
const tokenLife = 900_000
/** The longest pause after a token request that failed. */
const longestPause = 61_000

describe.concurrent('what passes keeps the session, in every tab', () => {
  const troubles = {
    'a 503': { status: 503 },
    'a 429 that names a time': { status: 429, headers: { 'retry-after': '30' } },
    'the page of a gateway': { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>502</h1>' },
    'an answer that is no JSON': { garbage: true },
    'a connection that breaks': { drop: true },
    'an answer that no page may read': { cors: false, status: 503 },
    'an answer that takes too long': { delay: 60_000 },
  }
  const { 'an answer that takes too long': _, ...quick } = troubles

  const all = [
    { what: Object.keys(quick).join(', '), names: Object.keys(quick) },
    { what: 'an answer that takes too long', names: ['an answer that takes too long'] },
  ] as { what: string; names: (keyof typeof troubles)[] }[]

  it.for(all)('$what', { timeout: 180_000 }, async ({ names }, { onTestFinished }) => {
    const world = await openWorld(browser(), onTestFinished)
    const tabs = [await world.signedInTab(), await world.tab()] as const
    const [page, other] = tabs
    for (const [index, name] of names.entries()) {
      const trouble = world.troubleAtTokens(troubles[name])
      const before = world.tokenRequests().length
      // Both tabs are seen, and renew by themselves, too.
      await world.later(tokenLife + 1_000)
      const outcomes = await page.evaluate(() => window.app.burst(10))
      const errors = new Set(outcomes.map(({ error }) => `${error?.name} ${error?.code}`))
      // One reason for all ten, and ten are no reason to ask ten times.
      expect([...errors], name).toHaveLength(1)
      expect([...errors][0], name).toMatch(/^PentauthError (?:temporarily_unavailable|token_response_invalid)$/)
      const attempts = world.tokenRequests().length - before
      expect(attempts, name).toBeGreaterThan(0)
      // Each tab asks twice at most; each request may be sent again by Chromium itself, where a connection breaks.
      expect(attempts, name).toBeLessThanOrEqual(name === 'a connection that breaks' ? 8 : 4)
      await untilStatus(tabs, 'signed_in')
      trouble.remove()
      await world.later(longestPause)
      expect(await page.evaluate(() => window.app.call()), name).toEqual({ value: 200 })
      expect(await other.evaluate(() => window.app.call()), name).toEqual({ value: 200 })
      expect(world.sandbox.tokens.requests('pensyve', 'refresh_token'), name).toBe(index + 1)
    }
  })

  it('no network', async ({ onTestFinished }) => {
    const world = await openWorld(browser(), onTestFinished)
    const tabs = [await world.signedInTab(), await world.tab()] as const
    const [page] = tabs
    await untilStatus(tabs, 'signed_in')
    await world.later(tokenLife + 1_000)
    await world.context.setOffline(true)
    const { error } = await page.evaluate(() => window.app.call())
    expect(error).toMatchObject({ code: 'temporarily_unavailable', retryable: true })
    expect(error?.hint).toContain('This browser is offline')
    await untilStatus(tabs, 'signed_in')
    await world.context.setOffline(false)
    await world.later(longestPause)
    expect(await page.evaluate(() => window.app.call())).toEqual({ value: 200 })
    expect(world.sandbox.tokens.requests('pensyve', 'refresh_token')).toBe(1)
  })
})

describe.concurrent('what passes keeps the session, also where it finds a page that has renewed nothing yet', () => {
  it.for(['no network', 'a server that lost the scripts of the app'])('%s', async (name, { onTestFinished }) => {
    const world = await openWorld(browser(), onTestFinished)
    const page = await world.signedInTab()
    await page.reload()
    await ready(page)
    await untilStatus([page], 'signed_in')
    await world.later(tokenLife + 1_000)
    const loseScripts = async (lost: boolean) => {
      if (name === 'no network') await world.context.setOffline(lost)
      else world.app.withoutScripts = lost
    }
    await loseScripts(true)
    const { error } = await page.evaluate(() => window.app.call())
    // A page may have all it needs by then, but for the network.
    if (error || name === 'no network')
      expect(error).toMatchObject({ name: 'PentauthError', code: 'temporarily_unavailable', retryable: true })
    await untilStatus([page], 'signed_in')
    await loseScripts(false)
    await world.later(longestPause)
    expect(await page.evaluate(() => window.app.call())).toEqual({ value: 200 })
  })
})

describe.concurrent('what the server says for good ends the session', () => {
  it('invalid_grant: in every tab, after one request, until somebody signs in', async ({ onTestFinished }) => {
    const world = await openWorld(browser(), onTestFinished)
    const tabs = [await world.signedInTab(), await world.tab()] as const
    const [page, other] = tabs
    await untilStatus(tabs, 'signed_in')
    await world.later(tokenLife + 1_000)
    const [app] = world.sandbox.apps.list('pensyve')
    world.sandbox.apps.revoke('pensyve', app?.id ?? '')
    const outcomes = await page.evaluate(() => window.app.burst(10))
    for (const { error } of outcomes) expect(error).toMatchObject({ code: 'sign_in_required', retryable: false })
    await untilStatus(tabs, 'ended', 1_000)
    expect((await other.evaluate(() => window.app.call())).error?.code).toBe('sign_in_required')
    await other.reload()
    await ready(other)
    await untilStatus([other], 'ended')
    expect((await other.evaluate(() => window.app.call())).error?.code).toBe('sign_in_required')
    expect(world.sandbox.tokens.requests('pensyve', 'refresh_token')).toBe(1)
    const ended = await page.evaluate(() => window.app.events.filter(({ type }) => type === 'session_ended'))
    expect(ended).toHaveLength(1)
    await signIn(page)
    await untilStatus(tabs, 'signed_in')
    expect(await other.evaluate(() => window.app.call())).toEqual({ value: 200 })
  })
})
