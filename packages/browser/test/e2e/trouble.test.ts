import { describe, expect, it } from 'vitest'
import { useChromium } from './support/chromium.ts'
import { openWorld, ready, signIn, statusOf, untilStatus } from './support/world.ts'

// Trouble at the token endpoint: what passes signs nobody out, and what the server says for good does.

const browser = useChromium()
const tokenLife = 900_000
/** The longest pause after a token request that failed. */
const longestPause = 61_000

describe.concurrent('what passes keeps the session, in every tab', () => {
  const troubles = {
    'a 503': { status: 503 },
    'a 429 that names a time': { status: 429, headers: { 'retry-after': '30' } },
    'a gateway that answers with its own page': {
      status: 502,
      headers: { 'content-type': 'text/html' },
      body: '<h1>502</h1>',
    },
    'an answer that is no JSON': { garbage: true },
    'a connection that breaks': { drop: true },
    'an answer that no page may read': { cors: false, status: 503 },
    'an answer that takes too long': { delay: 60_000 },
  }

  it.for(Object.keys(troubles) as (keyof typeof troubles)[])('%s', async (name, { onTestFinished }) => {
    const world = await openWorld(browser(), onTestFinished)
    const tabs = [await world.signedInTab(), await world.tab()] as const
    const [page] = tabs
    await world.later(tokenLife + 1_000)
    const trouble = world.troubleAtTokens(troubles[name])
    const outcomes = await page.evaluate(() => window.app.burst(10))
    const errors = outcomes.map(({ error }) => error)
    expect(new Set(errors.map((error) => error?.code)).size).toBe(1)
    expect(errors[0]?.code).toMatch(/^(?:temporarily_unavailable|rate_limited|token_response_invalid)$/)
    const attempts = world.tokenRequests().filter(({ status }) => status !== 200).length
    expect(attempts).toBeGreaterThan(0)
    expect(attempts).toBeLessThanOrEqual(4)
    await untilStatus(tabs, 'signed_in')
    trouble.remove()
    await world.later(longestPause)
    expect(await page.evaluate(() => window.app.call())).toEqual({ value: 200 })
    expect(await tabs[1].evaluate(() => window.app.call())).toEqual({ value: 200 })
    expect(world.sandbox.tokens.requests('pensyve', 'refresh_token')).toBe(1)
  })

  it('no network', async ({ onTestFinished }) => {
    const world = await openWorld(browser(), onTestFinished)
    const tabs = [await world.signedInTab(), await world.tab()] as const
    const [page] = tabs
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
    expect(await statusOf(other)).toBe('ended')
    expect((await other.evaluate(() => window.app.call())).error?.code).toBe('sign_in_required')
    expect(world.sandbox.tokens.requests('pensyve', 'refresh_token')).toBe(1)
    const ended = await page.evaluate(() => window.app.events.filter(({ type }) => type === 'session_ended'))
    expect(ended).toHaveLength(1)
    await signIn(page)
    await untilStatus(tabs, 'signed_in')
    expect(await other.evaluate(() => window.app.call())).toEqual({ value: 200 })
  })
})
