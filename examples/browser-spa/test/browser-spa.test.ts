import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Browser, chromium } from 'playwright'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { faintTexts, namelessControls, overflow } from './page-rules.ts'
import { main, type RunningApp, startApp } from './running-app.ts'
import { takeScreenshot } from './screenshots.ts'
import { answerConsent, cardOf, signIn, visit } from './visitor.ts'

const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
let app: RunningApp
let browser: Browser

beforeAll(async () => {
  const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update']
  ;[app, browser] = await Promise.all([startApp('--json'), chromium.launch({ executablePath, args })])
})
afterAll(async () => {
  await browser?.close()
  expect(await app?.stop()).toBe(0)
})

describe('the page', () => {
  it('signs in by redirect, asks for more when it is needed, and every tab agrees', async () => {
    const page = await visit(browser, app.address)
    const card = cardOf(page, 'Pensyve')
    await signIn(page, 'Pensyve')
    // The page goes on when it is known who signed in.
    await page.waitForURL(app.address)
    expect(await card.locator('.chip').allInnerTexts()).toEqual(['mcp:read'])
    expect(await card.locator('.remaining').textContent()).toMatch(/^(?:15:00|14:\d\d) left/)
    await card.getByRole('button', { name: 'Recall' }).click()
    await card.locator('.answer').getByText('200').waitFor()
    expect(await card.getByRole('region', { name: 'Answer of Pensyve' }).textContent()).toContain('"memories"')

    await card.getByRole('button', { name: 'Remember' }).click()
    const problem = card.getByRole('alert')
    await problem.waitFor()
    expect(await problem.textContent()).toMatch(/scope \(mcp:read\) does not allow remember.*Sign in again with the/)
    expect(await problem.getByRole('link', { name: 'Read more' }).getAttribute('href')).toMatch(/^https:\/\/pensyve/)
    await problem.getByRole('button', { name: 'Allow mcp:write' }).click()
    await answerConsent(page)
    await card.getByText('mcp:write', { exact: true }).waitFor()
    await card.getByRole('button', { name: 'Remember' }).click()
    await card.locator('.answer .good').waitFor()

    const second = await page.context().newPage()
    await second.goto(app.address)
    const other = cardOf(second, 'Pensyve')
    await other.getByText('Signed in', { exact: true }).waitFor()
    await other.getByRole('button', { name: 'Recall' }).click()
    expect(await other.getByRole('region', { name: 'Answer of Pensyve' }).textContent()).toContain('tea at four')
    await other.getByRole('button', { name: 'Sign out' }).click()
    await card.getByText('Signed out', { exact: true }).waitFor()
    await page.reload()
    await card.getByText('Signed out', { exact: true }).waitFor()
  })

  it('signs in by a popup, and says when a person closed it', async () => {
    const page = await visit(browser, app.address)
    const card = cardOf(page, 'Profundis')
    const inPopup = card.getByRole('button', { name: 'In a popup' })
    const [closed] = await Promise.all([page.waitForEvent('popup'), inPopup.click()])
    await closed.getByRole('button', { name: 'Continue with Google' }).waitFor()
    await closed.close()
    await card.getByText('You closed the window').waitFor()

    const [popup] = await Promise.all([page.waitForEvent('popup'), inPopup.click()])
    const gone = popup.waitForEvent('close')
    await answerConsent(popup)
    await gone
    await card.getByText('Signed in', { exact: true }).waitFor()
    await card.getByRole('button', { name: 'List subdomains' }).click()
    await card.getByText('www.example.com').waitFor()
  })

  it('says what a refused consent means, and switches accounts', async () => {
    const page = await visit(browser, app.address)
    const card = cardOf(page, 'Pendium')
    await card.getByRole('button', { name: 'Sign in to Pendium', exact: true }).click()
    await answerConsent(page, 'Deny')
    await card.getByRole('alert').getByText('sign_in_failed').waitFor()
    await signIn(page, 'Pendium')
    await card.getByRole('button', { name: 'Get account' }).click()
    await card.getByText('northwind-coffee').waitFor()
    await card.getByRole('button', { name: 'Switch to “work”' }).click()
    await answerConsent(page)
    await card.locator('dd').getByText('work', { exact: true }).waitFor()
  })

  it('asks Pendra through the proxy, and never has the key', async () => {
    const page = await visit(browser, app.address)
    const texts: Promise<string>[] = []
    page.on('response', (response) => void texts.push(response.text().catch(() => '')))
    await page.reload()
    await page.getByRole('textbox', { name: 'Question' }).fill('Tea, please.')
    await page.getByRole('button', { name: 'Ask Pendra' }).click()
    await page.getByText('You said: Tea, please.').waitFor()
    expect(texts.length).toBeGreaterThan(4)
    expect((await Promise.all(texts)).filter((text) => text.includes('pdr_sk_'))).toEqual([])
    expect(await page.evaluate(() => document.cookie)).toBe('')
  })

  it('can be read, reached and used down to 360 px, in the light and in the dark', async () => {
    const page = await visit(browser, app.address, { viewport: { width: 360, height: 740 } })
    expect(await overflow(page)).toBe(0)
    await signIn(page, 'Pensyve')
    await cardOf(page, 'Pensyve').getByRole('button', { name: 'Remember' }).click()
    await page.getByRole('alert').waitFor()
    await page.getByText('As Mermaid text').click()
    await page.mouse.move(0, 0)
    expect(await overflow(page)).toBe(0)
    expect(await namelessControls(page)).toEqual([])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      expect(await faintTexts(page)).toEqual([])
    }
  })

  it('draws a sign-in and lists its events, without a token, as in the pictures', async () => {
    const page = await visit(browser, app.address)
    const phone = { width: 360, height: 740 }
    const desktop = { width: 1280, height: 900 }
    await takeScreenshot('desktop-signed-out', page)
    await page.setViewportSize(phone)
    await takeScreenshot('phone-signed-out', page)
    await page.setViewportSize(desktop)
    for (const service of ['Pendium', 'Profundis', 'Pensyve']) await signIn(page, service)
    for (const call of ['Get account', 'List subdomains', 'Recall'])
      await page.getByRole('button', { name: call }).click()
    await page.getByRole('button', { name: 'Ask Pendra' }).click()
    await page.getByText('You said: What goes well with tea?').waitFor()
    await page.locator('.answer').nth(2).waitFor()
    await page.getByRole('img', { name: /^Sequence diagram of the sign-in at Pensyve/ }).waitFor()
    await page.mouse.move(0, 0)
    await takeScreenshot('desktop-signed-in', page)
    await takeScreenshot('desktop-diagram', page.locator('.drawing'))
    await page.setViewportSize(phone)
    await takeScreenshot('phone-signed-in', cardOf(page, 'Pensyve'))
    await takeScreenshot('phone-diagram', page.locator('.drawing'))

    await page.getByRole('radio', { name: 'Profundis' }).check()
    const drawn = await page.locator('.drawing').textContent()
    for (const text of ['auth.profundis.io', 'back with the code', 'POST /token', 'signed in as default'])
      expect(drawn).toContain(text)
    await page.getByText('As Mermaid text').click()
    expect(await page.getByRole('region', { name: 'Mermaid text' }).textContent()).toMatch(/^sequenceDiagram\n/)
    expect(await page.locator('.log').textContent()).toMatch(/signed_in.*sign_in_returned.*sign_in_started/)
    // The first eight characters of a token are what may be told of it.
    expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toMatch(/at_\w{10}|eyJ\w{10}|"code"|verifier/)
    await page.getByRole('button', { name: 'Clear the events' }).click()
    await page.getByText('Nothing yet').waitFor()
  })
})

describe('its README', () => {
  it('shows what is in the source, and every option', () => {
    const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, code = '']) => ({
      language,
      code,
    }))
    expect(blocks.map(({ language }) => language)).toEqual(['sh', 'text', 'tsx'])
    expect(readFileSync(join(root, 'src', 'app', 'auth.ts'), 'utf8')).toContain(blocks[2]?.code)
    const options = blocks[0]?.code.match(/--\w+/g)
    expect(options).toEqual(readFileSync(main, 'utf8').match(/(?<=^node src\/main\.mjs )--\w+/gm))
    expect(JSON.parse(app.said)).toEqual({
      address: app.address,
      services: expect.objectContaining({ 'https://pendium.ai': expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) }),
    })
  })
})

describe('the command', () => {
  it('serves the page while it is being written, where components mount twice', async () => {
    const dev = await startApp('--dev')
    // Runs after the visitor has left: Vite's page would look for its server.
    onTestFinished(async () => expect(await dev.stop()).toBe(0))
    expect(readme).toContain(dev.said.replace(/:\d+/, ':41233'))
    const page = await visit(browser, dev.address)
    const tokens: string[] = []
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/token')) tokens.push(request.url())
    })
    await signIn(page, 'Profundis')
    expect(tokens).toHaveLength(1)
  })

  it('exits with 2 and its usage for an unknown option', async () => {
    const failed = await promisify(execFile)(process.execPath, [main, '--nonsense']).catch((error) => error)
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('node src/main.mjs --dev') })
  })
})
