import { describe, expect, it } from 'vitest'
import { signIn } from '../src/index.ts'
import { hasChromium, openPage } from './support/chromium.ts'
import { desktop, heardOnStderr, signInWorld } from './support/sign-in-world.ts'

// The pages as a real browser shows them: the consent page of the sandbox, and ours behind it.

describe.runIf(hasChromium)('a person with Chromium', () => {
  const atTheEnd = (redirectUri: string) =>
    `location.href.startsWith(${JSON.stringify(redirectUri)}) && document.readyState === 'complete'`

  it.each([
    ['allow', 200, 'You are signed in to Profundis'],
    ['deny', 400, 'The sign-in to Profundis did not work'],
  ])('chooses an account, decides (%s), and is told what came of it', async (decision, status, heading) => {
    const { profundis, options } = await signInWorld()
    const { env, opened } = desktop()
    heardOnStderr()
    const page = await openPage()
    const signingIn = signIn(profundis, { ...options, env }).then(
      () => 'signed in',
      ({ code }) => code,
    )
    const url = await opened()
    const redirectUri = new URL(url).searchParams.get('redirect_uri') ?? ''
    await page.send('Page.navigate', { url })
    // One page after the other, until a decision is asked for.
    for (let pages = 0; pages < 5; pages += 1) {
      const wanted = `button[value=${decision}]`
      const isLast = await page.until<string>(
        `document.readyState === 'complete' && document.querySelector('form button') && (document.querySelector('${wanted}') ? 'last' : 'more')`,
      )
      const before = await page.evaluate<string>('document.title')
      await page.evaluate(`document.querySelector('input[type=radio]')?.click()`)
      await page.evaluate(`(document.querySelector('${wanted}') ?? document.querySelector('form button')).click()`)
      if (isLast === 'last') break
      await page.until(`document.title !== ${JSON.stringify(before)}`)
    }
    await page.until(atTheEnd(redirectUri))
    expect(await page.evaluate('document.querySelector("h1").textContent')).toBe(heading)
    expect(await signingIn).toBe(decision === 'allow' ? 'signed in' : 'sign_in_failed')
    const shown = [...page.documents].find(([address]) => address.startsWith(redirectUri))?.[1]
    expect(shown).toBe(status)
    // The policy lets our style through, and the colours are those of the system.
    const look = `getComputedStyle(document.querySelector('main')).borderRadius + ' ' + getComputedStyle(document.body).backgroundColor`
    expect(await page.evaluate(look)).toBe('16px rgb(255, 255, 255)')
    await page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: 'dark' }] })
    expect(await page.evaluate(look)).toBe('16px rgb(18, 18, 18)')
    // A refusal of ours is the browser's own complaint, by its status; there is no other, of the policy least of all.
    const own = page.complaints.filter((text) => !/status of 400/.test(text))
    expect(own).toEqual([])
  })
})
