import type { Page, Route } from 'playwright'
import { describe, expect, it } from 'vitest'
import { useChromium } from './support/chromium.ts'
import { decideIn, followPopups, isolate, openPopup, untilAsked, untilService } from './support/popup.ts'
import {
  answerFor,
  decide,
  openWorld,
  ready,
  statusOf,
  untilStatus,
  type World,
  type WorldOptions,
} from './support/world.ts'

// Signing in by popup, in Chromium, at the sandbox's real pages.

const browser = useChromium()
/** A busy machine is slow. */
const patient = { timeout: 20_000 }

type Finished = (end: () => Promise<void>) => void

const withPopups = (onTestFinished: Finished, options: WorldOptions = {}): Promise<World> =>
  openWorld(browser(), onTestFinished, { before: followPopups, ...options })

const signedIn = (returnTo: string) => ({
  value: {
    outcome: 'signed_in',
    account: 'default',
    scopes: expect.any(Array),
    expiresAt: expect.any(Number),
    returnTo,
  },
})

/** What a page could still tell of a sign-in. */
const traces = (page: Page) =>
  page.evaluate(() => [location.href, history.length, window.name, document.querySelectorAll('iframe').length])

/** The search for the authorization server waits until it is let go. */
async function holdDiscovery(world: World, onTestFinished: Finished): Promise<() => void> {
  let letGo = () => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  onTestFinished(async () => letGo())
  await world.context.route(/well-known/, async (route: Route) => {
    await held
    await route.continue().catch(() => undefined)
  })
  return letGo
}

describe('signing in by popup', () => {
  it.for([
    ['default', 'together'],
    ['default', 'cut off by the service'],
    ['default', 'cut off by the app'],
    ['session', 'together'],
    ['memory', 'cut off by the service'],
  ] as const)('%s storage, windows %s', async ([storage, windows], { onTestFinished }) => {
    const world = await withPopups(onTestFinished, { page: { storage } })
    if (windows === 'cut off by the service') await isolate(world.context, Object.values(world.origins))
    world.app.isolated = windows === 'cut off by the app'
    const page = await world.tab('/notes?filter=tea#top')
    const before = await traces(page)
    const { popup, result } = await openPopup(page)
    await untilService(popup)
    // Nothing leads back to the blank page, and none of our pages to where the person could be sent elsewhere.
    expect(await popup.evaluate(() => [window.opener === null, history.length])).toEqual([windows !== 'together', 1])
    expect(await page.evaluate(() => window.opened?.closed)).toBe(windows !== 'together')
    if (windows !== 'together') await untilAsked(page)
    await decideIn(popup)
    expect(await result).toEqual(signedIn('/notes?filter=tea#top'))
    expect(await statusOf(page)).toBe('signed_in')
    expect(await page.evaluate(() => window.app.call())).toEqual({ value: 200 })
    expect(await traces(page)).toEqual(before)
    expect(world.tokenRequests()).toHaveLength(1)
    expect(await page.evaluate(() => window.violations)).toEqual([])
  })

  it('leads to the page that the caller wants, for its account', async ({ onTestFinished }) => {
    const world = await withPopups(onTestFinished)
    const page = await world.tab()
    const { popup, result } = await openPopup(page, { returnTo: '/next', account: 'work' })
    await decideIn(popup)
    expect(await result).toMatchObject({ value: { outcome: 'signed_in', account: 'work', returnTo: '/next' } })
    expect(await page.evaluate(() => window.app.session)).toMatchObject({ status: 'signed_in', account: 'work' })
  })

  it('shows what it is about while the service is looked for', async ({ onTestFinished }) => {
    const world = await withPopups(onTestFinished)
    const letGo = await holdDiscovery(world, onTestFinished)
    const page = await world.tab()
    const { popup, result } = await openPopup(page)
    await expect.poll(() => popup.title(), patient).toBe('Pensyve')
    expect(await popup.evaluate(() => [location.href, document.body.innerHTML])).toEqual(['about:blank', 'Pensyve …'])
    expect(await page.evaluate(() => window.violations)).toEqual([])
    letGo()
    await decideIn(popup)
    expect((await result).value?.outcome).toBe('signed_in')
  })

  it('rejects where the person says no, and closes the popup', async ({ onTestFinished }) => {
    const world = await withPopups(onTestFinished)
    const page = await world.tab()
    const { popup, result } = await openPopup(page)
    await decideIn(popup, 'deny')
    expect((await result).error).toMatchObject({ name: 'PentauthError', code: 'sign_in_failed' })
    expect(await statusOf(page)).toBe('signed_out')
    expect(world.tokenRequests()).toHaveLength(0)
  })

  it('leaves no code in the address of the popup, whoever finishes', async ({ onTestFinished }) => {
    const world = await withPopups(onTestFinished)
    const page = await world.tab()
    const { popup, result } = await openPopup(page)
    await untilService(popup)
    const addresses: string[] = []
    popup.on('framenavigated', (frame) => addresses.push(frame.url()))
    const closed = popup.waitForEvent('close')
    await popup.goto((await answerFor(popup)).href).catch(() => undefined)
    await closed
    expect((await result).value?.outcome).toBe('signed_in')
    expect(addresses.at(-1)).toBe(`${world.app.origin}/callback`)
  })
})

describe('a popup that is not finished', () => {
  it('is closed by the person: a result, and the next one works', async ({ onTestFinished }) => {
    const world = await withPopups(onTestFinished)
    const page = await world.tab()
    const first = await openPopup(page)
    await untilService(first.popup)
    await first.popup.close()
    await page.evaluate(() => {
      window.looks = true
    })
    expect(await first.result).toEqual({ value: { outcome: 'closed' } })
    const second = await openPopup(page)
    await decideIn(second.popup)
    expect((await second.result).value?.outcome).toBe('signed_in')
  })

  it('is closed before the service was found', async ({ onTestFinished }) => {
    const world = await withPopups(onTestFinished)
    const letGo = await holdDiscovery(world, onTestFinished)
    const page = await world.tab()
    const { popup, result } = await openPopup(page)
    await expect.poll(() => popup.title(), patient).toBe('Pensyve')
    await popup.close()
    letGo()
    expect(await result).toEqual({ value: { outcome: 'closed' } })
  })

  it('is only cut off and taken for closed: what the person finishes then is the session all the same', async ({
    onTestFinished,
  }) => {
    const world = await withPopups(onTestFinished, { page: { storage: 'memory' } })
    await isolate(world.context, Object.values(world.origins))
    const page = await world.tab()
    const { popup, result } = await openPopup(page)
    await untilService(popup)
    // The person looks at this page, and then goes on in the popup.
    await page.evaluate(() => {
      window.looks = true
    })
    expect(await result).toEqual({ value: { outcome: 'closed' } })
    await decideIn(popup)
    await untilStatus([page], 'signed_in')
    expect(await page.evaluate(() => window.app.call())).toEqual({ value: 200 })
  })

  it('is closed, with an error, where the service cannot be found', async ({ onTestFinished }) => {
    const world = await withPopups(onTestFinished)
    const page = await world.tab()
    await world.context.route(/well-known/, (route) =>
      route.fulfill({ json: {}, headers: { 'access-control-allow-origin': '*' } }),
    )
    const { popup, result } = await openPopup(page)
    expect((await result).error).toMatchObject({ name: 'PentauthError', code: 'discovery_failed' })
    await expect.poll(() => popup.isClosed(), patient).toBe(true)
  })

  it('is closed, with an error, where the network is gone', async ({ onTestFinished }) => {
    const world = await withPopups(onTestFinished)
    const page = await world.tab()
    await world.context.route(/well-known/, (route) => route.abort('internetdisconnected'))
    const { popup, result } = await openPopup(page)
    expect((await result).error).toMatchObject({ name: 'PentauthError', retryable: true })
    await expect.poll(() => popup.isClosed(), patient).toBe(true)
  })

  it('is closed where its part of the program cannot be loaded', async ({ onTestFinished }) => {
    const world = await withPopups(onTestFinished)
    const page = await world.tab()
    await world.context.setOffline(true)
    const { popup, result } = await openPopup(page)
    expect((await result).error).toBeDefined()
    await expect.poll(() => popup.isClosed(), patient).toBe(true)
  })

  it('is closed by a second sign-in, which takes its place', async ({ onTestFinished }) => {
    const world = await withPopups(onTestFinished)
    const page = await world.tab()
    const first = await openPopup(page)
    await untilService(first.popup)
    const second = await openPopup(page)
    expect(await first.result).toEqual({ value: { outcome: 'closed' } })
    await decideIn(second.popup)
    expect((await second.result).value?.outcome).toBe('signed_in')
    await expect.poll(() => world.context.pages(), patient).toEqual([page])
  })

  it('is one where two are opened at once', async ({ onTestFinished }) => {
    const world = await withPopups(onTestFinished)
    const page = await world.tab()
    const results = page.evaluate(() =>
      Promise.all([window.app.signIn({ popup: true }), window.app.signIn({ popup: true })]),
    )
    await expect
      .poll(() => world.context.pages().map((one) => new URL(one.url()).pathname), patient)
      .toEqual(['/', '/oauth/authorize'])
    await decideIn(world.context.pages()[1] as Page)
    // Whichever: a browser may give the part that is loaded to the second call first.
    expect((await results).map(({ value }) => value?.outcome).sort()).toEqual(['closed', 'signed_in'])
  })

  it('is closed by dispose, and nothing waits for it any more', async ({ onTestFinished }) => {
    const world = await withPopups(onTestFinished)
    const page = await world.tab()
    const before = await traces(page)
    const { popup, result } = await openPopup(page)
    await untilService(popup)
    await page.evaluate(() => window.app.auth.dispose())
    expect(await result).toEqual({ value: { outcome: 'closed' } })
    await expect.poll(() => popup.isClosed(), patient).toBe(true)
    expect(await traces(page)).toEqual(before)
  })
})

describe('a popup whose page is gone', () => {
  it.for(['reloaded', 'elsewhere', 'closed'] as const)('finishes by itself: %s', async (what, { onTestFinished }) => {
    const world = await withPopups(onTestFinished)
    const other = await world.tab()
    const page = await world.tab('/notes')
    const { popup } = await openPopup(page)
    await untilService(popup)
    if (what === 'reloaded') await page.reload().then(() => ready(page))
    if (what === 'elsewhere') await page.goto(`${world.origins['https://pendium.ai']}/`)
    if (what === 'closed') await page.close()
    await decide(popup)
    await ready(popup)
    expect(await popup.evaluate(() => window.app.finished)).toEqual([
      { value: expect.objectContaining({ account: 'default', returnTo: '/notes' }) },
    ])
    expect(popup.url()).toBe(`${world.app.origin}/callback`)
    await untilStatus(what === 'reloaded' ? [popup, other, page] : [popup, other], 'signed_in')
    expect(world.tokenRequests()).toHaveLength(1)
  })

  it('finishes by itself while its page sleeps, which sees that when it wakes', async ({ onTestFinished }) => {
    const world = await withPopups(onTestFinished)
    const page = await world.tab('/notes')
    await page.evaluate(() => {
      const awake = new Promise((resolve) => addEventListener('wake', resolve))
      // What a frozen tab does: it hears everything, later.
      window.BroadcastChannel = class extends BroadcastChannel {
        override set onmessage(listener: (event: MessageEvent) => void) {
          super.onmessage = (event) => void awake.then(() => listener(event))
        }
      }
    })
    const { popup, result } = await openPopup(page)
    await untilService(popup)
    await decide(popup)
    await ready(popup)
    expect(await popup.evaluate(() => window.app.session.status)).toBe('signed_in')
    await page.evaluate(() => dispatchEvent(new Event('wake')))
    expect(await result).toEqual(signedIn('/notes'))
    expect(await statusOf(page)).toBe('signed_in')
    expect(world.tokenRequests()).toHaveLength(1)
  })
})

describe('a browser that blocks popups', () => {
  const strict = useChromium({ ignoreDefaultArgs: ['--disable-popup-blocking'] })

  it('opens one for a click, before anything is waited for', async ({ onTestFinished }) => {
    const world = await openWorld(strict(), onTestFinished, { before: followPopups })
    const page = await world.tab()
    await page.evaluate(() => {
      document.querySelector('a')?.addEventListener('click', (event) => {
        event.preventDefault()
        void window.app.signIn({ popup: true })
        document.body.dataset.opened = String(Boolean(window.opened))
      })
    })
    const opened = world.context.waitForEvent('page')
    await page.click('a')
    const popup = await opened
    expect(await page.evaluate(() => document.body.dataset.opened)).toBe('true')
    await decideIn(popup)
    await untilStatus([page], 'signed_in')
    expect(await page.evaluate(() => window.app.events.map(({ type }) => type))).not.toContain('popup_blocked')
  })

  it.for(['tells so', 'tells a listener that fails'] as const)(
    'goes by redirect where the click was used up, and %s',
    async (how, { onTestFinished }) => {
      const world = await openWorld(strict(), onTestFinished, { before: followPopups })
      const letGo = await holdDiscovery(world, onTestFinished)
      const page = await world.tab()
      await page.evaluate((fails) => {
        const told: string[] = []
        const push = ({ type }: { type: string }) => {
          told.push(type)
          document.body.dataset.told = told.join()
          if (fails) throw new Error('The listener failed.')
        }
        Object.assign(window.app.events, { push })
        document.querySelector('a')?.addEventListener('click', async (event) => {
          event.preventDefault()
          open('about:blank')
          await Promise.resolve()
          void window.app.signIn({ popup: true, returnTo: '/next' })
        })
      }, how !== 'tells so')
      await page.click('a')
      await expect.poll(() => page.evaluate(() => document.body.dataset.told), patient).toContain('popup_blocked')
      letGo()
      await decide(page)
      await ready(page)
      expect(await page.evaluate(() => window.app.finished)).toEqual([
        { value: expect.objectContaining({ returnTo: '/next' }) },
      ])
      expect(world.context.pages()).toHaveLength(2)
    },
  )
})
