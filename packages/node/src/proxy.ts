import { type Auth, errorFrom, type Resource, resourceFor } from '@pentauth/core'
import { passing } from './proxy-body.ts'
import { headersToApp, headersToService } from './proxy-headers.ts'
import { type Origins, originsOf } from './proxy-origin.ts'
import { type ProxyProblem, problemAnswer } from './proxy-problem.ts'
import { type Allows, allowing, notUsable, type ProxyRule } from './proxy-rules.ts'

/** Who asks: `true` or a name for a caller who may, a `Response` for one who is to hear something of yours, else nobody. */
export type ProxyCaller = boolean | string | Response | null | undefined

export interface ProxyOptions {
  /** All that may be asked for, such as `POST /chat/completions`; nothing else is sent. */
  readonly allow: readonly (string | ProxyRule)[]
  /** Says who asks, from the request without its body: by a cookie, a token, an address. */
  readonly authorize: (request: Request) => ProxyCaller | Promise<ProxyCaller>
  /** The name of the resource that is used; may be left out where the service has only one. */
  readonly resource?: string | undefined
  /** The path that the app has it at, such as `/api/pendra`: what comes behind it comes behind the resource's URL. */
  readonly prefix?: string | undefined
  /** Origins of other sites whose pages may use it, with their cookies; none unless given. */
  readonly origins?: readonly string[] | undefined
  /** The largest body in bytes; 10 MiB unless given. */
  readonly largestBody?: number | undefined
  /** Told of each request, without any secret. */
  readonly onEvent?: ((event: ProxyEvent) => void) | undefined
}

export interface ProxyEvent {
  readonly method: string
  readonly path: string
  /** What the app was answered. */
  readonly status: number
  /** Where `authorize` named one. */
  readonly caller: string | undefined
  /** Absent where the service's own answer was passed on. */
  readonly problem: ProxyProblem | undefined
  /** What the service answered, where that was not passed on. */
  readonly serviceStatus: number | undefined
  /** What went wrong, for the operator: the app is not told. An error of ours, or whatever `authorize` threw. */
  readonly error: unknown
}

/**
 * Makes a function that answers an app's requests with a service's answers, so that a browser can use a service whose key it must never
 * see. What is not allowed by name, who is not authorized, and pages of other sites get nothing.
 *
 * The path behind `prefix` is put behind the resource's URL. Cookies, credentials and whatever else a service need not know stay here;
 * bodies and answers stream. A 401 or 403 of the service is about this program's credential, so that the app gets a 502.
 *
 * @throws PentauthError `invalid_option` without `allow` or `authorize`, or for another option that cannot be used.
 * @example
 * ```ts
 * const proxy = createProxy(createAuth(pendra), {
 *   resource: 'rest',
 *   prefix: '/api/pendra',
 *   allow: ['POST /chat/completions'],
 *   authorize: (request) => request.headers.get('cookie')?.includes('session=') ?? false,
 * })
 * ```
 */
export function createProxy(auth: Auth, options: ProxyOptions): (request: Request) => Promise<Response> {
  const proxy = checked(auth, options)
  return async (request) => {
    const about = { method: request.method, path: new URL(request.url).pathname }
    const { response, ...told } = await answerTo(proxy, request).catch((error): Outcome => problem('failed', error))
    for (const [name, value] of Object.entries(proxy.origins.headersFor(request))) response.headers.append(name, value)
    const { caller, problem: code, serviceStatus, error } = told
    const event: ProxyEvent = { ...about, status: response.status, caller, problem: code, serviceStatus, error }
    // A listener that fails must not fail the request it only watches.
    void Promise.resolve(event)
      .then(options.onEvent)
      .catch(() => undefined)
    return response
  }
}

interface Proxy {
  readonly auth: Auth
  readonly url: string
  readonly prefix: string
  readonly allows: Allows
  readonly authorize: ProxyOptions['authorize']
  readonly origins: Origins
  readonly largestBody: number
}

interface Outcome extends Partial<Pick<ProxyEvent, 'caller' | 'problem' | 'serviceStatus' | 'error'>> {
  readonly response: Response
}

async function answerTo(proxy: Proxy, request: Request): Promise<Outcome> {
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

async function sent({ auth, largestBody }: Proxy, request: Request, target: string): Promise<Outcome> {
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

function problem(code: ProxyProblem, error?: unknown): Outcome {
  return { response: problemAnswer(code), problem: code, error }
}

function checked(auth: Auth, options: ProxyOptions): Proxy {
  const given: Partial<ProxyOptions> = Object.assign(Object.create(null), options)
  const { allow, authorize, resource, prefix = '', origins, largestBody = 10 * 1_048_576 } = given
  if (typeof authorize !== 'function')
    throw notUsable('needs a function "authorize"', 'Without it anybody who finds the proxy spends your credits.')
  if (typeof prefix !== 'string' || !/^(?:\/[\w.~-]+)*$/.test(prefix))
    throw notUsable('was given a prefix that is no path', 'Write it as "/api/pendra", without a slash at the end.')
  if (!Number.isSafeInteger(largestBody) || largestBody < 0)
    throw notUsable('takes bytes in "largestBody"', 'Give a number, or leave it out.')
  const all: Readonly<Record<string, Resource>> = auth.service.resources
  const names = Object.keys(all)
  const name = resource ?? (names.length === 1 ? names[0] : undefined)
  const found = name !== undefined && Object.hasOwn(all, name) ? all[name] : undefined
  if (!found) throw notUsable('needs a name in "resource"', `${auth.service.name} has ${names.join(', ')}.`)
  const { url } = found
  return { auth, url, prefix, allows: allowing(allow), authorize, origins: originsOf(origins), largestBody }
}
