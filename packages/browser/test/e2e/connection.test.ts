import { describe, expect, it } from 'vitest'
import { useChromium } from './support/chromium.ts'
import { strictPolicy } from './support/page-app.ts'
import { openWorld } from './support/world.ts'

// What a page is told of a connection that failed, where that takes a page of its own.

const browser = useChromium()

describe('the hint for a call that failed', () => {
  const setUp = async (onTestFinished: Parameters<typeof openWorld>[1]) => {
    const world = await openWorld(browser(), onTestFinished)
    const api = world.origins['https://api.pensyve.com'] ?? ''
    return { ...world, api, url: `${api}/v1/status` }
  }

  it('names CORS for a service that lets no page in', async ({ onTestFinished }) => {
    const world = await setUp(onTestFinished)
    const page = await world.signedInTab()
    world.sandbox.faults.add({ origin: 'https://api.pensyve.com', cors: false })
    const hint = await page.evaluate((url) => window.app.hint(url), world.url)
    expect(hint).toContain(`${world.api} answers, but lets no page of ${world.app.origin} read it (CORS).`)
    // The question carried no credential.
    const asked = world.sandbox.journal.entries.filter(({ url }) => url === 'https://api.pensyve.com/')
    expect(asked.map(({ credential }) => credential)).toEqual([undefined, undefined])
  })

  it('names the policy of the page, and listens for it only then', async ({ onTestFinished }) => {
    const world = await setUp(onTestFinished)
    world.app.policy = strictPolicy(Object.values(world.origins).filter((origin) => origin !== world.api))
    const page = await world.signedInTab()
    const hint = await page.evaluate((url) => window.app.hint(url), world.url)
    expect(hint).toContain(`The Content-Security-Policy of this page does not let it call ${world.api}`)
    expect(world.sandbox.journal.entries.filter(({ url }) => url.startsWith('https://api.pensyve.com'))).toEqual([])
  })

  it('does not blame a policy that allows some paths', async ({ onTestFinished }) => {
    const world = await setUp(onTestFinished)
    const others = Object.values(world.origins).filter((origin) => origin !== world.api)
    world.app.policy = strictPolicy([...others, `${world.api}/v1/`])
    const page = await world.signedInTab()
    world.sandbox.faults.add({ origin: 'https://api.pensyve.com', cors: false })
    expect(await page.evaluate((url) => window.app.hint(url), world.url)).toBeUndefined()
  })

  it('says that the browser is offline', async ({ onTestFinished }) => {
    const world = await setUp(onTestFinished)
    const page = await world.signedInTab()
    await world.context.setOffline(true)
    expect(await page.evaluate((url) => window.app.hint(url), world.url)).toContain('This browser is offline')
  })

  it('says that an https page may call no http address, but for this machine', async ({ onTestFinished }) => {
    const world = await setUp(onTestFinished)
    // A page of an https origin without any network: the app's own answers under another name.
    await world.context.route('https://app.example/**', async (route) => {
      const { pathname } = new URL(route.request().url())
      await route.fulfill({ response: await route.fetch({ url: world.app.origin + pathname }) })
    })
    const page = await world.context.newPage()
    await page.goto('https://app.example/')
    await page.locator('body[data-ready=yes]').waitFor({ state: 'attached' })
    expect(await page.evaluate(() => window.app.explain('http://api.example/v1'))).toContain(
      'browsers let no such page call http://api.example: use an https address.',
    )
    expect(await page.evaluate((url) => window.app.explain(url), world.url)).not.toContain('use an https address')
  })
})
