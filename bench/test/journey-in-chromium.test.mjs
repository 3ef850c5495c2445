// A sign-in in a real browser loads what is counted for it.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createSandbox, signInAt } from '@pentauth/sandbox'
import { chromium } from 'playwright'
import { expect, it } from 'vitest'
import { bundlePage } from '../bundle-page.mjs'
import { entry } from '../size-rows.mjs'

const APP = 'https://app.example'
const CHROMIUM = {
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
}

it('a redirect, a callback, a reload, a renewal and calls load the files that are counted', async () => {
  const outdir = await mkdtemp(join(tmpdir(), 'pentauth-journey-'))
  const browser = await chromium.launch(CHROMIUM)
  try {
    const files = await bundlePage(entry('sign-in'), { outdir })
    const sandbox = createSandbox()
    /** @type {Set<string>} */
    const loaded = new Set()
    const context = await browser.newContext()
    await context.route('**/*', async (route) => {
      const request = route.request()
      const url = new URL(request.url())
      if (url.origin !== APP) {
        const body = request.postDataBuffer()
        const answer = await sandbox.fetch(
          new Request(url, { method: request.method(), headers: await request.allHeaders(), body }),
        )
        const headers = Object.fromEntries(answer.headers)
        return route.fulfill({ status: answer.status, headers, body: Buffer.from(await answer.arrayBuffer()) })
      }
      if (!url.pathname.endsWith('.js')) return route.fulfill({ contentType: 'text/html', body: PAGE })
      loaded.add(url.pathname.slice(1))
      return route.fulfill({ contentType: 'text/javascript', body: await readFile(join(outdir, url.pathname)) })
    })
    const page = await context.newPage()
    await page.clock.install()
    await page.goto(APP)
    await page.evaluate('auth.finishSignIn().then(() => auth.signIn())').catch(() => undefined)
    await page.waitForURL((url) => url.origin !== APP)
    const back = await signInAt(sandbox, page.url())
    await page.goto(back.href)
    await page.evaluate('auth.finishSignIn()')
    const call = () => page.evaluate("auth.fetch('https://api.pensyve.com/v1/account').then(({ status }) => status)")
    expect(await call()).toBe(200)
    await page.reload()
    await page.evaluate('auth.finishSignIn()')
    expect(await page.evaluate('auth.session.status')).toBe('signed_in')
    sandbox.clock.advance(2 * 3_600_000)
    await page.clock.fastForward(2 * 3_600_000)
    expect(await call()).toBe(200)
    expect(sandbox.journal.entries.filter(({ operation }) => operation === 'token')).toHaveLength(2)

    const counted = files.filter(({ when }) => when !== 'trouble').map(({ name }) => name)
    expect([...loaded]).toEqual(expect.arrayContaining(counted))
    // No client was registered by hand, so the page does that by itself; the rows are of one that was.
    const others = files.filter(({ name }) => loaded.has(name) && !counted.includes(name))
    expect(others.filter(({ part }) => part !== '').map(({ part }) => part)).toEqual(['registration'])
  } finally {
    await browser.close()
    await rm(outdir, { recursive: true, force: true })
  }
})

const PAGE = `<!doctype html><script type="module">
  import { start } from '/sign-in.js'
  globalThis.auth = start({ redirectUri: '/callback' })
</script>`
