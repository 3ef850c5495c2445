import type { Accounts } from '../accounts.ts'
import type { Exchange, Operation } from '../service.ts'
import type { ServiceName } from '../service-name.ts'
import type { BrowserSession, BrowserSessions } from './browser-session.ts'
import { placeOf } from './configuration.ts'
import { html } from './html.ts'
import { messagePage, pageResponse } from './page.ts'

/** Signing in, which every other page sends a person to who has not. */
export interface SignIn {
  /** The first page; afterwards the person comes back to `returnTo`, a path of this server. */
  page(exchange: Exchange, session: BrowserSession, returnTo: string): Response
  /** The same with nobody signed in, to choose another account. */
  again(exchange: Exchange, session: BrowserSession, returnTo: string): Response
  cookieFor(exchange: Exchange, session: BrowserSession): string
  readonly operations: readonly Operation[]
}

/** The page for a form that was sent twice, too late, or from somewhere else. */
export const staleForm = (title: string): Response =>
  messagePage(
    title,
    'This form is no longer valid',
    'It was sent already, or it is too old. Go back and start again.',
    400,
  )

/** Where people sign in, and how. */
export interface SignInPlace {
  readonly service: ServiceName
  readonly title: string
  /** The pages of the sign-in are below this URL. */
  readonly url: string
  readonly signIn: 'plain' | 'google'
}

/** The way in that all pages of one service share: who is signed in at one of them is at the others. */
export interface Entrance {
  readonly sessions: BrowserSessions
  readonly signIn: SignIn
}

/** Makes a sign-in: a choice of accounts, without any password. */
export function createSignIn(
  { service, title, url, signIn }: SignInPlace,
  accounts: Accounts,
  sessions: BrowserSessions,
): SignIn {
  const place = placeOf(url)
  const path = `${place.path}/sign-in`

  const cookieFor: SignIn['cookieFor'] = ({ outside }, session) =>
    sessions.cookieOf(session, outside(url).startsWith('https:'))

  const formOf = (session: BrowserSession, returnTo: string): string => sessions.form(session, 'sign-in', returnTo)

  // The page says "You sign in to Profundis (Google sign-in)"; Google's own page is another one than this.
  const googlePage = (exchange: Exchange, session: BrowserSession, returnTo: string): Response =>
    pageResponse({
      service: title,
      heading: `Sign in to ${title}`,
      cookie: cookieFor(exchange, session),
      content: html`<form method="post" action="${path}">
<input type="hidden" name="form" value="${formOf(session, returnTo)}">
<div class="buttons"><button class="main" type="submit">Continue with Google</button></div>
</form>`,
    })

  const accountPage = (exchange: Exchange, session: BrowserSession, returnTo: string, missing = false): Response =>
    pageResponse({
      service: title,
      heading: signIn === 'google' ? `Choose a Google account for ${title}` : `Sign in to ${title}`,
      status: missing ? 400 : 200,
      cookie: cookieFor(exchange, session),
      content: html`<form method="post" action="${path}">
<input type="hidden" name="form" value="${formOf(session, returnTo)}">
${missing ? html`<p class="notice" role="alert">Choose one of the accounts.</p>` : undefined}
<fieldset>
<legend>Account</legend>
${accounts.list(service).map(
  ({ id, name, email }, index) => html`<label class="choice"><input type="radio" name="account" value="${id}" required${
    index === 0 ? { markup: ' checked' } : undefined
  }><span>${name}<small>${email}</small></span></label>
`,
)}</fieldset>
<div class="buttons"><button class="main" type="submit">Sign in</button></div>
</form>`,
    })

  const page = signIn === 'google' ? googlePage : accountPage

  const answer = async (exchange: Exchange): Promise<Response> => {
    const session = sessions.of(exchange.request)
    const form = new URLSearchParams(await exchange.request.text())
    const returnTo = sessions.take(session, 'sign-in', form.get('form') ?? undefined)
    if (returnTo === undefined) return staleForm(title)
    const asked = form.get('account')
    const account = accounts.list(service).find(({ id }) => id === asked)
    if (account === undefined) return accountPage(exchange, session, returnTo, asked !== null || signIn === 'plain')
    const cookie = cookieFor(exchange, sessions.signedIn(session, account.id))
    return new Response(null, {
      status: 303,
      headers: { location: returnTo, 'set-cookie': cookie, 'cache-control': 'no-store' },
    })
  }

  return {
    page: (exchange, session, returnTo) => page(exchange, session, returnTo),
    again: (exchange, session, returnTo) => page(exchange, sessions.signedIn(session, undefined), returnTo),
    cookieFor,
    operations: [{ name: 'sign_in', method: 'POST', origin: place.origin, path, answer }],
  }
}
