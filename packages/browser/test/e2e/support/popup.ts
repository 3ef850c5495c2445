import type { BrowserContext, Page } from 'playwright'
import { vi } from 'vitest'
import type { SignInOptions, SignInResult } from '../../../src/index.ts'
import type { Settled } from './page/app.ts'
import { decide } from './world.ts'

/** A popup, and what becomes of the sign-in that it was opened for. */
export interface Popup {
  readonly popup: Page
  readonly result: Promise<Settled<SignInResult>>
}

declare global {
  interface Window {
    /** What `open` gave the page last. */
    opened: Window | null
    /** Whether the person looks at the page, as Chromium would say; without a screen it says so of every page. */
    looks: boolean
    /** How often the page has asked. */
    asked: number
  }
}

/** Runs in every page before its own scripts: lets the test see the popup as the page does, and say where the person looks. */
export function followPopups(): void {
  const { open } = window
  window.open = (...given) => {
    window.opened = open(...given)
    return window.opened
  }
  window.looks = false
  window.asked = 0
  document.hasFocus = () => {
    window.asked += 1
    return window.looks
  }
}

/** Begins a sign-in by popup, as a click does. */
export async function openPopup(page: Page, wishes: SignInOptions = {}): Promise<Popup> {
  const opened = page.context().waitForEvent('page')
  const result = page.evaluate((given) => window.app.signIn({ ...given, popup: true }), wishes)
  // The page may be gone before it can say what came of it.
  result.catch(() => undefined)
  return { popup: await opened, result }
}

/** Until the page of the service is there. */
export async function untilService(popup: Page): Promise<void> {
  await popup.locator('form button.main').waitFor()
}

/** What a person does at the pages of the service; the popup closes by itself. */
export async function decideIn(popup: Page, decision: 'allow' | 'deny' = 'allow'): Promise<void> {
  const closed = popup.waitForEvent('close')
  // The window may be gone before it is seen to have come back.
  await Promise.race([closed, decide(popup, decision).catch(() => undefined)])
  await closed
}

/** Until the page has looked that often more whether the popup is there. */
export async function untilAsked(page: Page, times = 4): Promise<void> {
  const before = await page.evaluate(() => window.asked)
  await vi.waitFor(async () => {
    if ((await page.evaluate(() => window.asked)) < before + times) throw new Error('It has not looked that often.')
  }, 10_000)
}

/** Sends the pages of those origins with `Cross-Origin-Opener-Policy`, as services that care for their sign-in pages do. */
export async function isolate(context: BrowserContext, origins: Iterable<string>): Promise<void> {
  const isolated = new Set(origins)
  await context.route(
    (url) => isolated.has(url.origin),
    async (route) => {
      if (!route.request().isNavigationRequest()) return route.continue()
      const response = await route.fetch({ maxRedirects: 0 })
      const headers = { ...response.headers(), 'cross-origin-opener-policy': 'same-origin' }
      return route.fulfill({ response, headers })
    },
  )
}
