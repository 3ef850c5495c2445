import type { Sandbox } from '@pentauth/sandbox'
import { build } from 'esbuild'
import { type Browser, chromium, type Page, type Route } from 'playwright'

// Code blocks that are for pages: each is the script of a page in Chromium, at the documented origins, where the sandbox answers.

const app = 'https://app.example'

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  })
}

/**
 * Runs the file as a page's script; whoever is sent to a service allows what it asks.
 *
 * @returns what the page printed, once those are so many lines
 */
export async function runInPage(browser: Browser, file: string, sandbox: Sandbox, lines: number): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    format: 'esm',
    splitting: true,
    outdir: '/',
    entryNames: 'app',
    write: false,
    logLevel: 'silent',
    footer: { js: 'globalThis.isDone = true' },
  })
  const scripts = new Map(outputFiles.map(({ path, text }) => [path, text]))
  const context = await browser.newContext()
  const printed: string[] = []
  const failed: Error[] = []
  context.on('console', (message) => message.type() === 'log' && printed.push(message.text()))
  context.on('weberror', (error) => failed.push(error.error()))
  await context.route('**/*', (route) => answer(route, scripts, sandbox))
  try {
    const page = await context.newPage()
    await page.goto(app)
    await untilDone(page, printed, lines)
    if (failed[0]) throw failed[0]
    return printed.join('\n')
  } finally {
    await context.close()
  }
}

async function answer(route: Route, scripts: ReadonlyMap<string, string>, sandbox: Sandbox): Promise<void> {
  const request = route.request()
  const url = new URL(request.url())
  if (url.origin === app) {
    const script = scripts.get(url.pathname)
    const html = '<!doctype html><title>app</title><script type="module" src="/app.js"></script>'
    return route.fulfill({ contentType: script ? 'text/javascript' : 'text/html', body: script ?? html })
  }
  const body = request.postDataBuffer()
  const response = await sandbox.fetch(
    new Request(url, { method: request.method(), headers: await request.allHeaders(), body, redirect: 'manual' }),
  )
  const headers = Object.fromEntries(response.headers)
  await route.fulfill({ status: response.status, headers, body: Buffer.from(await response.arrayBuffer()) })
}

/** Does what the services ask of a person, until the page has printed that many lines, or without any is done. */
async function untilDone(page: Page, printed: readonly string[], lines: number): Promise<void> {
  const ends = Date.now() + 30_000
  const isDone = () => page.evaluate(() => 'isDone' in globalThis).catch(() => false)
  while (Date.now() < ends && !(lines > 0 ? printed.length >= lines : await isDone())) {
    if (new URL(page.url()).origin !== app) await decide(page).catch(() => undefined)
    await page.waitForTimeout(50)
  }
}

async function decide(page: Page): Promise<void> {
  const button = page.locator('button[value=allow], form button').first()
  await page
    .locator('input[type=radio]')
    .first()
    .check({ timeout: 200 })
    .catch(() => undefined)
  await button.click({ timeout: 2_000 })
}
