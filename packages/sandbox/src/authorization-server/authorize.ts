import type { Exchange, Operation } from '../service.ts'
import { type FindClient, readAuthorizationRequest, withParameters } from './authorization-request.ts'
import type { BrowserSessions } from './browser-session.ts'
import type { Codes } from './codes.ts'
import { placeOf, type ServerContext } from './configuration.ts'
import { consentPage } from './consent-page.ts'
import { messagePage } from './page.ts'
import { type SignIn, staleForm } from './sign-in.ts'

/** What the authorization endpoint works with. */
export interface AuthorizeParts {
  readonly context: ServerContext
  readonly sessions: BrowserSessions
  readonly signIn: SignIn
  readonly codes: Codes
  readonly findClient: FindClient
}

/** The authorization endpoint: who are you, do you allow this, and back to the app with a code. */
export function authorizeOperations(parts: AuthorizeParts): Operation[] {
  const { context, sessions, signIn, codes, findClient } = parts
  const { configuration } = context
  const { title, issuer, refusalOf } = configuration
  const place = placeOf(configuration.endpoints.authorize)
  const action = `${place.path}/consent`

  const read = (query: string, { outside }: Exchange): ReturnType<typeof readAuthorizationRequest> =>
    readAuthorizationRequest(new URLSearchParams(query), context, findClient, outside)

  const ask = async (exchange: Exchange): Promise<Response> => {
    const { search } = exchange.url
    const { request, redirectTo, problem } = await read(search, exchange)
    if (problem !== undefined) return messagePage(title, 'This app cannot sign you in', problem, 400)
    if (redirectTo !== undefined) return backTo(redirectTo)
    const session = sessions.of(exchange.request)
    if (session.account === undefined) return signIn.page(exchange, session, place.path + search)
    return consentPage(context, {
      ...request,
      account: session.account,
      action,
      form: sessions.form(session, 'consent', search),
      cookie: signIn.cookieFor(exchange, session),
    })
  }

  const decide = async (exchange: Exchange): Promise<Response> => {
    const session = sessions.of(exchange.request)
    const form = new URLSearchParams(await exchange.request.text())
    const search = sessions.take(session, 'consent', form.get('form') ?? undefined)
    if (search === undefined || session.account === undefined) return staleForm(title)
    if (form.get('decision') === 'switch') return signIn.again(exchange, session, place.path + search)
    // Once more, as the app can have been deleted while the person was thinking.
    const { request, redirectTo, problem } = await read(search, exchange)
    if (problem !== undefined) return messagePage(title, 'This app cannot sign you in', problem, 400)
    if (redirectTo !== undefined) return backTo(redirectTo)
    const { redirectUri, state } = request
    const iss = exchange.outside(issuer)
    const refusal = refusalOf?.(session.account)
    if (form.get('decision') !== 'allow' || refusal !== undefined) {
      const error_description = refusal ?? 'The person did not allow it.'
      return backTo(withParameters(redirectUri, { error: 'access_denied', error_description, state, iss }))
    }
    const code = await codes.make(request, session.account)
    return backTo(withParameters(redirectUri, { code, state, iss }))
  }

  return [
    { name: 'authorize', method: 'GET', ...place, answer: ask },
    { name: 'consent', method: 'POST', origin: place.origin, path: action, answer: decide },
  ]
}

// 303 and not 302 or 307: the app must not be sent the form (RFC 9700 section 2.1).
function backTo(location: string): Response {
  const headers = { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }
  return new Response(null, { status: 303, headers })
}
