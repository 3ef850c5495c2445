import { describe, expect, it } from 'vitest'
import { useChromium } from './support/chromium.ts'
import { answerFor, decide, leave, openWorld, ready, signIn, statusOf, untilStatus } from './support/world.ts'

// Signing in by redirect, in Chromium, at the sandbox's real pages.

const browser = useChromium()
const codes = 'authorization_code'

describe('signing in by redirect', () => {
  it.for(['pendium', 'pensyve', 'profundis'] as const)(
    '%s: somebody signs in, calls, reloads and calls, under a strict policy',
    async (service, { onTestFinished }) => {
      const world = await openWorld(browser(), onTestFinished, { service })
      const page = await world.tab('/notes?filter=tea#top')
      expect(await statusOf(page)).toBe('signed_out')
      await leave(page)
      await decide(page)
      await ready(page)
      const shown = () => page.evaluate(() => ({ finished: window.app.finished, session: window.app.session }))
      const { finished, session } = await shown()
      const value = { account: 'default', returnTo: '/notes?filter=tea#top' }
      expect(finished).toEqual([{ value: expect.objectContaining(value) }])
      expect(session).toMatchObject({ status: 'signed_in', account: 'default', expiresAt: expect.any(Number) })
      expect(await page.evaluate(() => window.app.call())).toEqual({ value: 200 })
      await page.reload()
      await ready(page)
      await untilStatus([page], 'signed_in')
      expect((await shown()).finished).toEqual([{}])
      expect(await page.evaluate(() => window.app.call())).toEqual({ value: 200 })
      expect(world.tokenRequests()).toHaveLength(1)
      expect(await page.evaluate(() => window.violations)).toEqual([])
    },
  )

  it('somebody who denies is told so, and the session from before is as it was', async ({ onTestFinished }) => {
    const world = await openWorld(browser(), onTestFinished)
    const page = await world.signedInTab()
    await leave(page)
    await decide(page, 'deny')
    await ready(page)
    const [finished] = await page.evaluate(() => window.app.finished)
    expect(finished?.error).toMatchObject({ name: 'PentauthError', code: 'sign_in_failed', retryable: false })
    expect(page.url()).toBe(`${world.app.origin}/callback`)
    await untilStatus([page], 'signed_in')
    expect(await page.evaluate(() => window.app.call())).toEqual({ value: 200 })
    expect(world.sandbox.tokens.requests('pensyve', codes)).toBe(1)
  })

  it('an answer that says it is from somebody else gets no token request', async ({ onTestFinished }) => {
    const world = await openWorld(browser(), onTestFinished)
    const page = await world.tab()
    await leave(page)
    const answer = await answerFor(page)
    answer.searchParams.set('iss', 'https://evil.example')
    await page.goto(answer.href)
    await ready(page)
    const [finished] = await page.evaluate(() => window.app.finished)
    expect(finished?.error).toMatchObject({ code: 'sign_in_response_invalid', retryable: false })
    expect(page.url()).toBe(`${world.app.origin}/callback`)
    expect(await statusOf(page)).toBe('signed_out')
    expect(world.tokenRequests()).toEqual([])
  })

  it('a callback that is finished twice at once, as StrictMode mounts, is finished once', async ({
    onTestFinished,
  }) => {
    const world = await openWorld(browser(), onTestFinished, { page: { finish: 2 } })
    const page = await world.tab()
    await leave(page)
    await decide(page)
    await ready(page)
    const [first, second] = await page.evaluate(() => window.app.finished)
    expect(first?.value).toMatchObject({ account: 'default', returnTo: '/' })
    expect(second).toEqual(first)
    expect(world.tokenRequests()).toHaveLength(1)
  })

  it('an answer that comes a second time is refused, and the session goes on', async ({ onTestFinished }) => {
    const world = await openWorld(browser(), onTestFinished)
    const page = await world.tab()
    await leave(page)
    const { href } = await answerFor(page)
    await page.goto(href)
    await ready(page)
    expect(await statusOf(page)).toBe('signed_in')
    await page.goto(href)
    await ready(page)
    const [finished] = await page.evaluate(() => window.app.finished)
    expect(finished?.error).toMatchObject({ code: 'sign_in_response_invalid' })
    expect(page.url()).toBe(`${world.app.origin}/callback`)
    await untilStatus([page], 'signed_in')
    expect(await page.evaluate(() => window.app.call())).toEqual({ value: 200 })
    expect(world.sandbox.tokens.requests('pensyve', codes)).toBe(1)
  })

  it('two sign-ins in two tabs both come to their end', async ({ onTestFinished }) => {
    const world = await openWorld(browser(), onTestFinished)
    const [one, other] = [await world.tab('/one'), await world.tab('/other')]
    await leave(one)
    await leave(other)
    await decide(one)
    // The service ends its forms when somebody signs in.
    await other.reload()
    await decide(other)
    for (const [page, returnTo] of [
      [one, '/one'],
      [other, '/other'],
    ] as const) {
      await ready(page)
      const [finished] = await page.evaluate(() => window.app.finished)
      expect(finished?.value).toMatchObject({ returnTo })
      expect(await page.evaluate(() => window.app.call())).toEqual({ value: 200 })
    }
    await untilStatus([one, other], 'signed_in')
    expect(world.sandbox.tokens.requests('pensyve', codes)).toBe(2)
  })

  it('code and state are in no history, no Referer and no address when other code runs', async ({ onTestFinished }) => {
    const world = await openWorld(browser(), onTestFinished)
    const page = await world.tab()
    const referrers: string[] = []
    page.on('request', async (request) => {
      const { referer } = await request.allHeaders().catch(() => ({ referer: undefined }))
      if (referer !== undefined && !request.url().endsWith('/app.js')) referrers.push(referer)
    })
    await signIn(page)
    expect(await page.evaluate(() => window.app.address)).toBe(`${world.app.origin}/callback`)
    await page.evaluate(() => window.app.call())
    await page.getByRole('link', { name: 'Next' }).click()
    await page.waitForURL('**/next')
    await ready(page)
    expect(referrers).toContain(`${world.app.origin}/callback`)
    const debug = await world.context.newCDPSession(page)
    const { entries } = await debug.send('Page.getNavigationHistory')
    // The page of the service has a state of its own in its address, which is its business.
    const own = entries.map(({ url }) => url).filter((url) => url.startsWith(world.app.origin))
    expect(own).toContain(`${world.app.origin}/callback`)
    expect([...own, ...referrers].filter((url) => /[?&](?:code|state)=/.test(url) && !/\/authorize/.test(url))).toEqual(
      [],
    )
    // Before any of our code runs the browser itself fetches the script, which is the app's own.
    const early = world.app.requests.filter(({ referrer }) => referrer?.includes('code='))
    expect(early.map(({ path }) => path)).toEqual(['/app.js'])
  })

  it('the back button leads to a callback page that has nothing to finish', async ({ onTestFinished }) => {
    const world = await openWorld(browser(), onTestFinished)
    const page = await world.signedInTab()
    await page.getByRole('link', { name: 'Next' }).click()
    await page.waitForURL('**/next')
    await ready(page)
    await page.goBack()
    await page.waitForURL('**/callback')
    await ready(page)
    expect(await page.evaluate(() => window.app.finished)).toEqual([{}])
    await untilStatus([page], 'signed_in')
    expect(world.tokenRequests()).toHaveLength(1)
  })

  it.for(['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)'])(
    'nobody is led to %s afterwards',
    async (returnTo, { onTestFinished }) => {
      const world = await openWorld(browser(), onTestFinished)
      const page = await world.tab()
      await leave(page, { returnTo })
      await page.goto((await answerFor(page)).href)
      await ready(page)
      const [finished] = await page.evaluate(() => window.app.finished)
      const { origin } = new URL(finished?.value?.returnTo ?? 'nowhere:', world.app.origin)
      expect(origin).toBe(world.app.origin)
    },
  )
})
