import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright'
import { expect, onTestFinished } from 'vitest'

/** Metadata is looked for where the standards have it, first of all; the browser reports those that are elsewhere. */
const expected = /\/\.well-known\//

/** Opens the page in a browser of its own, and fails the test for whatever its console or its policy complains about. */
export async function visit(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  const complaints: string[] = []
  const elsewhere: string[] = []
  context.on('console', (message) => {
    const { url } = message.location()
    if (['error', 'warning'].includes(message.type()) && !expected.test(url))
      complaints.push(`${message.text()} ${url}`)
  })
  context.on('weberror', (error) => complaints.push(String(error.error())))
  context.on('request', (request) => {
    if (!/^(?:http:\/\/127\.0\.0\.1:|data:)/.test(request.url())) elsewhere.push(request.url())
  })
  onTestFinished(async () => {
    await context.close()
    expect(complaints).toEqual([])
    expect(elsewhere).toEqual([])
  })
  const page = await context.newPage()
  await page.goto(address)
  await page.getByText('Signed out', { exact: true }).nth(2).waitFor()
  return page
}

export function cardOf(page: Page, service: string): Locator {
  return page.getByRole('article', { name: service })
}

/** What Ada does at a service's pages: chooses her account where she is asked, and allows the app what it wants, or does not. */
export async function answerConsent(page: Page, decision: 'Allow' | 'Deny' = 'Allow'): Promise<void> {
  const consent = page.getByRole('button', { name: decision, exact: true })
  const google = page.getByRole('button', { name: 'Continue with Google' })
  const account = page.getByRole('radio', { name: /@/ }).first()
  await consent.or(google).or(account).first().waitFor()
  if (await google.isVisible()) {
    await google.click()
    await account.waitFor()
  }
  if (await account.isVisible()) await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await consent.click()
}

/** Signs in by redirect, and is back when the card says so. */
export async function signIn(page: Page, service: string): Promise<void> {
  await cardOf(page, service)
    .getByRole('button', { name: `Sign in to ${service}`, exact: true })
    .click()
  await answerConsent(page)
  await cardOf(page, service).getByText('Signed in', { exact: true }).waitFor()
}
