import type { Auth, Resource } from '@pentauth/core'
import { own } from './environment.ts'
import type { CheckedProxy, Outcome, Told } from './proxy-answer.ts'
import type { ProxyEvent, ProxyOptions } from './proxy-options.ts'
import { originsOf } from './proxy-origin.ts'
import { allowing, notUsable } from './proxy-rules.ts'

/**
 * Makes a function that answers an app's requests with a service's answers, so that a browser can use a service whose key it must never
 * see. What is not allowed by name, who is not authorized, and pages of other sites get nothing.
 *
 * The path behind `prefix` is put behind the resource's URL. Cookies, credentials and whatever else a service need not know stay here;
 * bodies and answers stream. A 401 or 403 of the service is about this program's credential, so that the app gets a 502, as for any refusal
 * that repeats it; another answer that does is cut off before it.
 *
 * @throws PentauthError `invalid_option` without an `Auth`, `allow` or `authorize`, or for another option that cannot be used.
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
    // Loaded with the first request: most programs that import this package have no proxy.
    const { answerTo, problem } = await import('./proxy-answer.ts')
    const tell = (status: number, { caller, problem: code, serviceStatus, error }: Told) => {
      const event: ProxyEvent = { ...about, status, caller, problem: code, serviceStatus, error }
      // A listener that fails must not fail the request it only watches.
      void Promise.resolve(event)
        .then(proxy.onEvent)
        .catch(() => undefined)
    }
    const failed = (error: unknown): Outcome => problem('failed', error)
    const { response, ...told } = await answerTo(proxy, request, tell).catch(failed)
    for (const [name, value] of Object.entries(proxy.origins.headersFor(request))) response.headers.append(name, value)
    tell(response.status, told)
    return response
  }
}

function checked(auth: Auth, options: ProxyOptions): CheckedProxy {
  const given: Partial<ProxyOptions> = own(options)
  const { allow, authorize, resource, prefix = '', origins, largestBody = 10 * 1_048_576, onEvent } = given
  const { fetch, service }: Auth = Object(auth)
  if (typeof fetch !== 'function' || Object(service?.resources) !== service?.resources)
    throw notUsable(
      'needs an Auth',
      'Give it what createAuth or signIn returns: createProxy(createAuth(pendra), options).',
    )
  if (typeof authorize !== 'function')
    throw notUsable('needs a function "authorize"', 'Without it anybody who finds the proxy spends your credits.')
  if (typeof prefix !== 'string' || !/^(?:\/[\w.~-]+)*$/.test(prefix))
    throw notUsable('was given a prefix that is no path', 'Write it as "/api/pendra", without a slash at the end.')
  if (!Number.isSafeInteger(largestBody) || largestBody < 0)
    throw notUsable('takes bytes in "largestBody"', 'Give a number, or leave it out.')
  if (onEvent !== undefined && typeof onEvent !== 'function')
    throw notUsable('takes a function in "onEvent"', 'Such as onEvent: (event) => console.log(event), or leave it out.')
  const all: Readonly<Record<string, Resource>> = service.resources
  const names = Object.keys(all)
  const name = resource ?? (names.length === 1 ? names[0] : undefined)
  const found = name !== undefined && Object.hasOwn(all, name) ? all[name] : undefined
  if (!found) throw notUsable('needs a name in "resource"', `${service.name} has ${names.join(', ')}.`)
  const { url } = found
  return { auth, url, prefix, allows: allowing(allow), authorize, origins: originsOf(origins), largestBody, onEvent }
}
