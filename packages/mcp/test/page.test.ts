import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createSandbox, signInAt } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { build } from 'esbuild'
import { type Browser, chromium, type Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'

// The adapter in a page, in Chromium: the official client, the sign-in of @pentauth/browser, and the sandbox's pages.

let browser: Browser
let script = ''
beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  })
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'page', 'app.ts')],
    ...{ bundle: true, write: false, format: 'esm', platform: 'browser', logLevel: 'silent' },
  })
  script = outputFiles[0]?.text ?? ''
})
afterAll(() => browser.close())

/** A page of its own, at a sandbox of its own. */
async function open(popup: boolean): Promise<Page> {
  const services = await listen(createSandbox())
  onTestFinished(() => services.close())
  const config = JSON.stringify({ origins: services.origins, popup })
  const html = `<!doctype html><body><button>List</button><script>window.config = ${config}</script><script type="module" src="/app.js"></script>`
  const server = createServer(({ url }, response) => {
    const isScript = url === '/app.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? script : html)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  await ready(page)
  return page
}

const ready = (page: Page) => page.locator('body[data-ready=yes]').waitFor({ state: 'attached' })
const shown = async (page: Page, text: string) => {
  await page.locator(`body[data-shown="${text}"]`).waitFor({ state: 'attached' })
  return page.locator('body').getAttribute('data-shown')
}

describe('a page', () => {
  it('goes to the service to sign in, and has the tools when it is back', async () => {
    const page = await open(false)
    await page.click('button')
    await page.waitForURL(/authorize/)
    await page.goto((await signInAt(fetch, page.url())).href)
    expect(await shown(page, '9 tools')).toBe('9 tools')
  })

  it('signs in by popup, and the call goes on', async () => {
    const page = await open(true)
    const opened = page.waitForEvent('popup')
    await page.click('button')
    const popup = await opened
    await popup.waitForURL(/authorize/)
    await popup.goto((await signInAt(fetch, popup.url())).href)
    expect(await shown(page, '9 tools')).toBe('9 tools')
  })
})
