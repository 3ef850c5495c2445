import {
  createSandbox,
  type Fault,
  type JournalEntry,
  type Sandbox,
  type SandboxOptions,
  signInAt,
} from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import type { Browser, BrowserContext, Page } from 'playwright'
import { expect, vi } from 'vitest'
import type { PageConfig } from './page/app.ts'
import { type PageApp, servePageApp } from './page-app.ts'

/** What a test has: the services, an app that uses one of them, and a person with a browser. */
export interface World {
  readonly sandbox: Sandbox
  /** Documented origin to local origin. */
  readonly origins: Readonly<Record<string, string>>
  readonly app: PageApp
  readonly context: BrowserContext
  /** A page of the app in a tab of its own, as soon as its script has run. */
  readonly tab: (path?: string) => Promise<Page>
  /** A tab in which somebody has just signed in by redirect; what they did at the pages of the service took no window. */
  readonly signedInTab: () => Promise<Page>
  /** Requests to the token endpoint, those included that a fault answered. */
  readonly tokenRequests: () => readonly JournalEntry[]
  /** Scripts what the token endpoint does. */
  readonly troubleAtTokens: (fault: Pick<Fault, 'times' | 'delay'> & Record<string, unknown>) => { remove(): void }
  /** Lets time pass (ms) for the services and for all tabs. */
  readonly later: (ms: number) => Promise<void>
}

export interface WorldOptions {
  readonly service?: PageConfig['service']
  readonly sandbox?: SandboxOptions
  readonly page?: Omit<PageConfig, 'service' | 'origins'>
  /** Runs in every page before its own scripts. */
  readonly before?: () => void
}

const tokenPaths = { pendium: '/token', pensyve: '/oauth/token', profundis: '/token' }

/** Ends with the test: `onTestFinished` is its own, since tests run beside each other. */
export async function openWorld(
  browser: Browser,
  onTestFinished: (end: () => Promise<void>) => void,
  { service = 'pensyve', sandbox: sandboxOptions, page: pageOptions, before }: WorldOptions = {},
): Promise<World> {
  const sandbox = createSandbox(sandboxOptions)
  const server = await listen(sandbox)
  onTestFinished(() => server.close())
  const { origins } = server
  const app = await servePageApp({ service, origins, ...pageOptions })
  onTestFinished(async () => app[Symbol.asyncDispose]())
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  await context.addInitScript(() => {
    window.violations = []
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      window.violations.push(`${violatedDirective} ${blockedURI}`)
    })
  })
  if (before) await context.addInitScript(before)
  const path = tokenPaths[service]
  const tab = async (at = '/') => {
    const page = await context.newPage()
    await page.goto(app.origin + at)
    await ready(page)
    return page
  }
  return {
    sandbox,
    origins,
    app,
    context,
    tab,
    async signedInTab() {
      const page = await tab()
      await leave(page)
      await page.goto((await answerFor(page)).href)
      await signedIn(page)
      return page
    },
    tokenRequests: () => sandbox.journal.entries.filter(({ operation }) => operation === 'token'),
    troubleAtTokens: (fault) => sandbox.faults.add({ service, path, ...fault } as Fault),
    async later(ms) {
      sandbox.clock.advance(ms)
      const pages = context.pages().filter((one) => one.url().startsWith(app.origin))
      await Promise.all(pages.map((one) => one.evaluate((time) => window.app.later(time), ms)))
    },
  }
}

/** The app's script has run, with all it does by itself. */
export async function ready(page: Page): Promise<void> {
  await page.locator('body[data-ready=yes]').waitFor({ state: 'attached' })
}

/** Begins a sign-in by redirect and waits for the page of the service. */
export async function leave(page: Page, wishes: { returnTo?: string; account?: string } = {}): Promise<void> {
  const here = page.url()
  // The page may be gone before it can say what came of it.
  const begun = page.evaluate((given) => window.app.signIn(given), wishes).catch(() => undefined)
  await page.waitForURL((url) => url.href !== here && url.pathname !== '/callback')
  expect((await begun)?.error).toBeUndefined()
}

/** What a person does at the pages of a service: choose who they are, and decide; ends at the app. */
export async function decide(
  page: Page,
  decision: 'allow' | 'deny' = 'allow',
  { account = 'ada', app = '/callback' }: { readonly account?: string; readonly app?: string } = {},
): Promise<void> {
  // Google, account, consent: one page after the other.
  for (let pages = 0; pages < 5; pages += 1) {
    await page.locator('form button.main').waitFor()
    const last = page.locator(`button[value=${decision}]`)
    const isLast = (await last.count()) > 0
    const choice = page.locator(`input[type=radio][value=${account}]`)
    if ((await choice.count()) > 0) await choice.check()
    await (isLast ? last : page.locator('form button.main')).click()
    if (isLast) break
  }
  await page.waitForURL((url) => url.pathname === app)
}

/** Where a page of the service would send the person back to, who decides elsewhere. */
export function answerFor(page: Page): Promise<URL> {
  return signInAt(fetch, page.url())
}

/** Signs in by redirect, with the pages of the service, as a person does. */
export async function signIn(page: Page, options: Parameters<typeof decide>[2] = {}): Promise<void> {
  await leave(page)
  await decide(page, 'allow', options)
  await signedIn(page)
}

async function signedIn(page: Page): Promise<void> {
  await ready(page)
  const finished = await page.evaluate(() => window.app.finished)
  expect(finished.map(({ error }) => error)).toEqual([undefined])
}

/** The status of the session as that page shows it. */
export function statusOf(page: Page): Promise<string> {
  return page.evaluate(() => window.app.session.status)
}

/** Waits until the session of every page is so. */
export async function untilStatus(pages: readonly Page[], status: string, timeout = 10_000): Promise<void> {
  await vi.waitFor(async () => expect(await Promise.all(pages.map(statusOf))).toEqual(pages.map(() => status)), {
    timeout,
    interval: 20,
  })
}
