import type { Sandbox } from './sandbox.ts'
import { SandboxError } from './sandbox-error.ts'

/** What a person without a browser does. */
export interface SignInAtOptions {
  /** The account that is chosen (default `ada`). */
  readonly account?: string | undefined
  /** Whether the app is allowed (default true). */
  readonly allow?: boolean | undefined
}

// Sign in with Google, choose an account, allow: more pages than that are a loop.
const mostPages = 10

/**
 * Signs a person in at the pages of the sandbox and returns the URL that the app is called back at, with its `code` or its
 * `error`; the app itself is not called. It can also be given the `verification_uri_complete` of a device, and then
 * returns the address of the last page.
 *
 * @param through the sandbox, or a `fetch` that reaches it, such as the platform's for one that listens
 * @throws {SandboxError} `sign_in_failed`: the pages refuse, such as for an app that is not registered
 * @example
 * const authorizationUrl = 'https://pendium.ai/authorize?response_type=code&client_id=client_1' // an app makes it
 * const callback = await signInAt(sandbox, authorizationUrl, { account: 'ada', allow: true })
 * callback.searchParams.get('code')
 */
export async function signInAt(
  through: Pick<Sandbox, 'fetch'> | typeof fetch,
  authorizationUrl: string | URL,
  { account = 'ada', allow = true }: SignInAtOptions = {},
): Promise<URL> {
  const send = typeof through === 'function' ? through : through.fetch
  const cookies = new Map<string, string>()
  const { origin } = new URL(authorizationUrl)
  let url = new URL(authorizationUrl)
  let init: RequestInit = {}
  for (let page = 0; page < mostPages; page += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { accept: 'text/html', ...(cookie === '' ? {} : { cookie }) }
    const response = await send(url, { ...init, headers, redirect: 'manual' })
    keepCookies(response, cookies)
    const location = response.headers.get('location')
    if (location !== null) {
      await response.body?.cancel()
      url = new URL(location, url)
      if (url.origin !== origin || isCallback(url, authorizationUrl)) return url
      init = {}
      continue
    }
    const text = await response.text()
    const form = response.status < 400 ? formOf(text) : undefined
    if (form === undefined) {
      if (response.status < 400) return url
      throw failed(`The page refused with status ${response.status}: ${headingOf(text)}`)
    }
    ;({ url, init } = filledIn(form, url, account, allow))
  }
  throw failed('The pages led in a circle.')
}

/** An app on the sandbox's own origin is known by the address it asked to be called back at. */
function isCallback(url: URL, authorizationUrl: string | URL): boolean {
  const callback = new URL(authorizationUrl).searchParams.get('redirect_uri') ?? ''
  if (!URL.canParse(callback)) return false
  const { origin, pathname } = new URL(callback)
  return origin === url.origin && pathname === url.pathname
}

interface Form {
  readonly tag: Attributes
  /** Its inputs and buttons, in order. */
  readonly controls: readonly Attributes[]
}

type Attributes = Readonly<Record<string, string>>

function filledIn(
  form: Form,
  page: URL,
  account: string,
  allow: boolean,
): { readonly url: URL; readonly init: RequestInit } {
  const fields = new URLSearchParams()
  const radios = form.controls.filter(({ type }) => type === 'radio')
  if (radios.length > 0) {
    const choice = radios.find(({ value }) => value === account)
    if (choice === undefined) throw failed(`The page offers no account ${JSON.stringify(account)}.`)
    fields.set(choice.name ?? '', choice.value ?? '')
  }
  for (const { type, name, value } of form.controls) {
    if (type === 'hidden' && name !== undefined) fields.set(name, value ?? '')
  }
  const buttons = form.controls.filter(({ type }) => type === 'submit')
  const wanted = allow ? 'allow' : 'deny'
  const button = buttons.find(({ value }) => value === wanted) ?? buttons[0]
  if (button?.name !== undefined) fields.set(button.name, button.value ?? '')
  const url = new URL(form.tag.action ?? '', page)
  return { url, init: { method: 'POST', body: fields } }
}

/** The first form of a page; the pages are the sandbox's own, so their markup is known. */
function formOf(text: string): Form | undefined {
  const [, tag, inside] = /<form([^>]*)>(.*?)<\/form>/s.exec(text) ?? []
  if (tag === undefined || inside === undefined || attributesOf(tag).method !== 'post') return undefined
  const controls = [...inside.matchAll(/<(?:input|button)([^>]*)>/g)].map(([, control = '']) => attributesOf(control))
  return { tag: attributesOf(tag), controls }
}

function attributesOf(tag: string): Attributes {
  return Object.fromEntries(
    [...tag.matchAll(/([a-z-]+)="([^"]*)"/g)].map(([, name, value]) => [name, unescaped(value)]),
  )
}

const characters: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' }

function unescaped(value = ''): string {
  return value.replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => characters[name] ?? '')
}

function headingOf(text: string): string {
  return unescaped(/<h1>([^<]*)/.exec(text)?.[1] ?? 'no page').trim()
}

function keepCookies(response: Response, cookies: Map<string, string>): void {
  for (const line of response.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (name !== undefined && value !== undefined) cookies.set(name, value)
  }
}

const failed = (message: string): SandboxError =>
  new SandboxError({
    code: 'sign_in_failed',
    message,
    hint: 'Open the authorization URL in a browser to see the page, with a sandbox that listens.',
  })
