import type { Exchange, Operation } from '../service.ts'
import type { BrowserSession, BrowserSessions } from './browser-session.ts'
import { placeOf, type ServerContext } from './configuration.ts'
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
    'It was sent already, or it is too old. Go back to the app and start again.',
    400,
  )

/** Makes the sign-in of one authorization server: a choice of accounts, without any password. */
export function createSignIn(context: ServerContext, sessions: BrowserSessions): SignIn {
  const { configuration, accounts } = context
  const { service, title, endpoints, signIn } = configuration
  const place = placeOf(endpoints.authorize)
  const path = `${place.path}/sign-in`

  const cookieFor: SignIn['cookieFor'] = ({ outside }, session) =>
    sessions.cookieOf(session, outside(endpoints.authorize).startsWith('https:'))

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
