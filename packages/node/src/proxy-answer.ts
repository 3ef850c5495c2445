import { type Auth, errorFrom, resourceFor } from '@pentauth/core'
import { passing } from './proxy-body.ts'
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
}

/** An answer, and what is told about it. */
export interface Outcome extends Partial<Pick<ProxyEvent, 'caller' | 'problem' | 'serviceStatus' | 'error'>> {
  readonly response: Response
}

/** What the app is answered; for who may ask, what the service answers. */
export async function answerTo(proxy: CheckedProxy, request: Request): Promise<Outcome> {
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
  const outcome = await sent(proxy, request, target + search)
  return { ...outcome, caller: caller === true ? undefined : caller }
}

async function sent({ auth, largestBody }: CheckedProxy, request: Request, target: string): Promise<Outcome> {
  const { method, headers, signal } = request
  const body = await passing(request, largestBody)
  if (body.isTooLarge()) return problem('too_large')
  try {
    const answer = await auth.fetch(target, { method, headers: headersToService(headers), signal, ...body.init })
    const { status } = answer
    if (isForApp(auth, answer))
      return { response: new Response(answer.body, { status, headers: headersToApp(answer.headers) }) }
    // Read for the operator; the service's words are not for the app.
    const error = await errorFrom(answer)
    await answer.body?.cancel()
    return { ...problem('service_refused', error), serviceStatus: status }
  } catch (error) {
    if (body.isTooLarge()) return problem('too_large')
    return problem(signal.aborted ? 'caller_left' : 'service_unreachable', error)
  }
}

/** Whether an answer is not about this program's credential, and comes from the service itself. */
function isForApp(auth: Auth, { status, redirected, url }: Response): boolean {
  const isRedirect = status >= 300 && status < 400 && status !== 304
  return !isRedirect && ![401, 403, 407].includes(status) && (!redirected || isCovered(auth, url))
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
