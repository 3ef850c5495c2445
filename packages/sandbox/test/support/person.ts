import type { Sandbox, ServiceName } from '../../src/index.ts'
import { createBrowser, type Shown } from './browser.ts'

/** The addresses of the consoles, written down once more and not read from the sources. */
export const consoles: Readonly<Record<ServiceName, string>> = {
  pendium: 'https://pendium.ai/settings/api-keys',
  pensyve: 'https://pensyve.com/dashboard',
  profundis: 'https://auth.profundis.io/profile',
  pentographer: 'https://app.pentographer.com/settings',
  pendra: 'https://console.pendra.ai/api-keys',
}

/** A person at a page: they press buttons by their name, as they hear or see it. */
export interface Person {
  readonly page: Shown
  /** The value in the box of a new secret, if the page shows one. */
  readonly secrets: readonly string[]
  /** Presses a button and follows to where it leads; fields are what was typed, chosen or changed by hand. */
  press(button: string, fields?: Record<string, string>, cookies?: boolean): Promise<Person>
  goto(url: string | URL): Promise<Person>
  reload(): Promise<Person>
}

/** Opens a page in a new browser, with nobody signed in. */
export async function personAt(through: Pick<Sandbox, 'fetch'>, url: string): Promise<Person> {
  const browser = createBrowser(through)
  const at = (page: Shown): Person => ({
    page,
    secrets: [...page.text.matchAll(/<textarea[^>]*>([^<]*)<\/textarea>/g)].map(([, value = '']) => value),
    press: async (button: string, fields?: Record<string, string>, cookies?: boolean) =>
      at(await browser.send({ ...page, ...formWith(page, button) }, fields, cookies)),
    goto: async (next: string | URL) => at(await browser.goto(next)),
    reload: async () => at(await browser.goto(page.url)),
  })
  return at(await browser.goto(url))
}

/** Opens a console and signs in there. */
export async function signedInAt(
  through: Pick<Sandbox, 'fetch'>,
  service: ServiceName,
  account = 'ada',
  url: string = consoles[service],
): Promise<Person> {
  const first = await personAt(through, url)
  const choice = service === 'profundis' ? await first.press('Continue with Google') : first
  return choice.press('Sign in', { account })
}

function formWith({ text }: Shown, button: string): Pick<Shown, 'inputs' | 'action'> {
  for (const [, tag = '', inside = ''] of text.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)) {
    const names = [...inside.matchAll(/<button([^>]*)>([^<]*)<\/button>/g)].map(
      ([, attributes = '', content = '']) => /aria-label="([^"]*)"/.exec(attributes)?.[1] ?? content,
    )
    if (!names.includes(button)) continue
    const hidden = [...inside.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)]
    const inputs = Object.fromEntries(hidden.map(([, name, value]) => [name, value]))
    return { inputs, action: /action="([^"]*)"/.exec(tag)?.[1] ?? '' }
  }
  throw new Error(`The page has no button ${JSON.stringify(button)}: ${text}`)
}
