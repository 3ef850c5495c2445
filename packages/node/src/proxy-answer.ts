import { type Auth, errorFrom, noteSent, PentauthError, resourceFor } from '@pentauth/core'
import { passing } from './proxy-body.ts'
import { type Echoes, echoesOf, guarded, readSafely } from './proxy-echo.ts'
import { headersToApp, headersToService } from './proxy-headers.ts'
import type { ProxyEvent, ProxyOptions } from './proxy-options.ts'
import type { Origins } from './proxy-origin.ts'
import { type ProxyProblem, problemAnswer } from './proxy-problem.ts'
import type { Allows } from './proxy-rules.ts'

/** A proxy that can be used. */
export interface CheckedProxy {
  readonly auth: Auth
  readonly url: string
  readonly prefix: string
  readonly allows: Allows
  readonly authorize: ProxyOptions['authorize']
  readonly origins: Origins
  readonly largestBody: number
  readonly onEvent: ProxyOptions['onEvent']
}

/** What is told about an answer. */
export type Told = Partial<Pick<ProxyEvent, 'caller' | 'problem' | 'serviceStatus' | 'error'>>

/** An answer, and what is told about it. */
export interface Outcome extends Told {
  readonly response: Response
}

/** Told what goes wrong with an answer that is on its way. */
export type Tell = (status: number, told: Told) => void

/** What the app is answered; for who may ask, what the service answers. */
export async function answerTo(proxy: CheckedProxy, request: Request, tell: Tell): Promise<Outcome> {
  const { origins, prefix, allows, authorize, url } = proxy
  const { pathname, search } = new URL(request.url)
  if (!origins.isWelcome(request)) return problem('cross_site')
  const isInside = pathname === prefix || pathname.startsWith(`${prefix}/`)
  const path = (isInside && pathname.slice(prefix.length)) || '/'
  const wanted = request.headers.get('access-control-request-method')
  const isPreflight = request.method === 'OPTIONS' && wanted !== null
  const asked = { method: isPreflight ? wanted : request.method, path, hasQuery: search !== '' }
  if (!isInside || !allows(asked)) return problem('not_allowed')
  if (isPreflight) return { response: preflight(request, asked.method) }

  const { method, headers, signal } = request
  // Without its body, which can be read once only.
  const caller = await authorize(new Request(request.url, { method, headers, signal }))
  if (caller instanceof Response) return { response: new Response(caller.body, caller) }
  if (caller !== true && (typeof caller !== 'string' || caller === '')) return problem('unauthorized')
  const target = path === '/' ? url : url + path
  const named = { caller: caller === true ? undefined : caller }
  const outcome = await sent(proxy, request, target + search, (status, told) => tell(status, { ...told, ...named }))
  return { ...outcome, ...named }
}

async function sent(
  { auth, largestBody }: CheckedProxy,
  request: Request,
  target: string,
  tell: Tell,
): Promise<Outcome> {
  const { method, headers, signal } = request
  const body = await passing(request, largestBody)
  if (body.isTooLarge()) return problem('too_large')
  const forms: string[] = []
  try {
    const init = { method, headers: headersToService(headers), signal, ...body.init }
    const answer = await auth.fetch(
      target,
      noteSent(init, (more) => void forms.push(...more)),
    )
    const { status } = answer
    if (isElsewhere(auth, answer)) {
      await answer.body?.cancel()
      return { ...problem('service_redirected', redirected(auth.service, answer)), serviceStatus: status }
    }
    const isForApp = ![401, 403, 407].includes(status)
    const response = isForApp ? await forApp(auth, answer, echoesOf(forms), tell) : undefined
    if (response) return { response }
    // Read for the operator; the service's words are not for the app.
    const error = await errorFrom(answer)
    await answer.body?.cancel()
    return { ...problem('service_refused', error), serviceStatus: status }
  } catch (error) {
    if (body.isTooLarge()) return problem('too_large')
    if (signal.aborted) return problem('caller_left', error)
    return problem(codeOf(error), error)
  }
}

/** What the service answered, without the credential; `undefined` for a refusal that repeats it. */
async function forApp({ service }: Auth, answer: Response, echoes: Echoes, tell: Tell): Promise<Response | undefined> {
  const { status } = answer
  const headers = headersToApp(answer.headers, echoes)
  if (!answer.body) return new Response(null, { status, headers })
  const scan = echoes.scan()
  if (status < 400) {
    const found = () => {
      const error = repeated(service, status)
      tell(status, { problem: 'service_refused', serviceStatus: status, error })
      return error
    }
    return new Response(guarded(answer.body, scan, found), { status, headers })
  }
  // The answer itself is left as it is for `errorFrom`.
  const said = await readSafely(answer.clone().body as ReadableStream<Uint8Array>, scan)
  if (!said) return undefined
  await answer.body.cancel()
  headers.delete('content-length')
  return new Response(said, { status, headers })
}

function repeated({ name, id, links }: Auth['service'], status: number): PentauthError {
  return new PentauthError({
    code: 'request_rejected',
    message: `${name} repeats the credential in its answer.`,
    service: id,
    status,
    hint: 'The answer was cut off before it. Tell who runs the service, and do not offer this operation.',
    link: links.docs.url,
  })
}

function redirected({ name, id }: Auth['service'], answer: Response): PentauthError {
  const { status } = answer
  return new PentauthError({
    code: 'redirect_refused',
    message: answer.redirected
      ? `${name} led out of its resource with a redirect, and what came from there (status ${status}) is not passed on.`
      : `${name} answered ${status}, a redirect that nobody can follow.`,
    service: id,
    status,
    hint: 'Look at what the service answers at that path, and at its base URL.',
  })
}

/** Our own errors are about a credential that is not there or cannot be used; `fetch` itself throws others. */
function codeOf(error: unknown): ProxyProblem {
  if (!PentauthError.isInstance(error)) return 'service_unreachable'
  return error.code === 'redirect_refused' ? 'service_redirected' : 'no_credential'
}

/** Whether an answer is a redirect, or comes from somebody else behind one. */
function isElsewhere(auth: Auth, { status, redirected, url }: Response): boolean {
  const isRedirect = status >= 300 && status < 400 && status !== 304
  return isRedirect || (redirected && !isCovered(auth, url))
}

function isCovered({ service }: Auth, url: string): boolean {
  try {
    return resourceFor(service, url) !== undefined
  } catch {
    return false
  }
}

function preflight({ headers }: Request, method: string): Response {
  const asked = headers.get('access-control-request-headers')
  const granted: Record<string, string> = { 'access-control-allow-methods': method, 'access-control-max-age': '600' }
  if (asked) granted['access-control-allow-headers'] = asked
  return new Response(null, { status: 204, headers: granted })
}

export function problem(code: ProxyProblem, error?: unknown): Outcome {
  return { response: problemAnswer(code), problem: code, error }
}
