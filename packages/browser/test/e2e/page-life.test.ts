import { describe, expect, it } from 'vitest'
import { useChromium } from './support/chromium.ts'
import { leave, openWorld, ready, signIn, statusOf, untilStatus } from './support/world.ts'

// Pages that are kept aside and brought back, and pages that may keep nothing.

// Playwright switches the back/forward cache off unless it is told not to.
const keeping = useChromium({ ignoreDefaultArgs: ['--disable-back-forward-cache'] })

const isKept = () => {
  addEventListener('pageshow', ({ persisted }) => {
    document.documentElement.dataset.persisted = String(persisted)
  })
}

describe('a page that the browser keeps aside (bfcache)', () => {
  it('knows of the sign-out that it missed, before anybody sees it signed in', async ({ onTestFinished }) => {
    const world = await openWorld(keeping(), onTestFinished, { before: isKept })
    const page = await world.signedInTab()
    await page.goto(`${world.app.origin}/kept`)
    await ready(page)
    const other = await world.tab()
    await untilStatus([page, other], 'signed_in')
    await page.getByRole('link', { name: 'Next' }).click()
    await page.waitForURL('**/next')
    await ready(page)
    expect(await other.evaluate(() => window.app.signOut())).toEqual({})
    await page.goBack()
    await page.waitForURL('**/kept')
    // It was kept indeed, and not loaded anew.
    expect(await page.locator('html').getAttribute('data-persisted')).toBe('true')
    await untilStatus([page], 'signed_out', 1_000)
    expect((await page.evaluate(() => window.app.call())).error?.code).toMatch(/^(?:sign_in_required|no_credential)$/)
    // And hears what comes after.
    await signIn(other)
    await untilStatus([page], 'signed_in', 1_000)
    expect(await page.evaluate(() => window.app.call())).toEqual({ value: 200 })
  })
})

describe('a browser that keeps nothing for pages', () => {
  const blockDatabases = () => {
    const refuse = () => {
      throw new DOMException('The operation is insecure.', 'SecurityError')
    }
    Object.defineProperty(window, 'indexedDB', { get: refuse })
  }
  const blockAll = () => {
    const refuse = () => {
      throw new DOMException('The operation is insecure.', 'SecurityError')
    }
    for (const name of ['indexedDB', 'sessionStorage', 'localStorage'])
      Object.defineProperty(window, name, { get: refuse })
  }

  it('no IndexedDB: the session is kept for the tab, which is said', async ({ onTestFinished }) => {
    const world = await openWorld(keeping(), onTestFinished, { before: blockDatabases })
    const page = await world.signedInTab()
    expect(await page.evaluate(() => window.app.call())).toEqual({ value: 200 })
    await page.reload()
    await ready(page)
    await untilStatus([page], 'signed_in')
    const replaced = await page.evaluate(() => window.app.events.filter(({ type }) => type === 'store_replaced'))
    expect(replaced).toEqual([expect.objectContaining({ by: expect.stringMatching(/sessionStorage/i) })])
  })

  it('nothing at all: who wants to sign in is told why not, and the page works', async ({ onTestFinished }) => {
    const world = await openWorld(keeping(), onTestFinished, { before: blockAll })
    const page = await world.tab()
    expect(await statusOf(page)).toBe('signed_out')
    expect((await page.evaluate(() => window.app.signIn())).error).toMatchObject({
      name: 'PentauthError',
      code: 'store_failed',
    })
    expect(page.url()).toBe(`${world.app.origin}/`)
    expect((await page.evaluate(() => window.app.call())).error?.code).toMatch(/^(?:sign_in_required|no_credential)$/)
    expect(await page.evaluate(() => window.app.signOut())).toEqual({})
  })

  it('memory by choice: the sign-in survives the redirect, and a reload ends it', async ({ onTestFinished }) => {
    const world = await openWorld(keeping(), onTestFinished, { page: { storage: 'memory' } })
    const page = await world.signedInTab()
    expect(await page.evaluate(() => window.app.call())).toEqual({ value: 200 })
    await page.reload()
    await ready(page)
    expect(await statusOf(page)).toBe('signed_out')
    await leave(page)
  })
})
