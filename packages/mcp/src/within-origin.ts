import { PentauthError, resourceFor } from '@pentauth/core'
import type { ProviderPlace } from './provider-place.ts'

// As the Fetch standard (section 4.4, HTTP-redirect fetch).
const maxHops = 20
const redirectStatuses = [301, 302, 303, 307, 308]

/**
 * Sends a request to the MCP server, and follows it within its origin only, with a credential only where a resource of the service is:
 * `fetch` would take the body and all headers but `Authorization` to any other.
 *
 * Not every SDK asks for `redirect: 'manual'`; one that does gets the redirect as it is.
 *
 * @throws PentauthError `url_not_covered` for a credential at an address of no resource, `redirect_refused`.
 */
export async function sendWithinOrigin(
  { adapter, service }: ProviderPlace,
  from: URL,
  init: RequestInit,
): Promise<Response> {
  const { runtime } = adapter
  const checkPlace = (url: URL): void => {
    if (hasCredential(init)) resourceFor(service, url)
  }
  checkPlace(from)
  if (init.redirect === 'manual' || init.redirect === 'error') return runtime.fetch(from.href, init)
  // A browser does not show where a redirect leads.
  if (runtime.redirects === 'platform') return runtime.fetch(from.href, { ...init, redirect: 'error' })
  let url = from
  for (let hop = 0; ; hop++) {
    const response = await runtime.fetch(url.href, { ...init, redirect: 'manual' })
    const location = redirectStatuses.includes(response.status) ? response.headers.get('location') : null
    // EventSource takes what is relative for relative to where it was led.
    if (location === null) return hop === 0 ? response : Object.defineProperty(response, 'redirected', { value: true })
    response.body?.cancel().catch(() => undefined)
    const target = URL.canParse(location, url.href) ? new URL(location, url) : undefined
    const why = whyNot(target, from, init, response.status) ?? (hop === maxHops ? 'never ends' : undefined)
    if (why === undefined && target) {
      checkPlace(target)
      url = target
      continue
    }
    throw new PentauthError({
      code: 'redirect_refused',
      message: `${service.name} answered ${response.status} at ${from.origin}${from.pathname} with a redirect that ${why}.`,
      service: service.id,
      status: response.status,
      hint: 'Connect to the final URL itself, if it is the server that you mean.',
    })
  }
}

function hasCredential({ headers }: RequestInit): boolean {
  const given = new Headers(headers)
  return given.has('authorization') || given.has('x-api-key')
}

/** What speaks against a redirect; it is not named, since its address may repeat what was sent. */
function whyNot(target: URL | undefined, from: URL, { method, body }: RequestInit, status: number): string | undefined {
  if (!target || !/^https?:$/.test(target.protocol)) return 'leads to no http(s) URL'
  if (target.username || target.password) return 'leads to a URL with a user or password'
  if (target.origin !== from.origin) return 'leads to another origin'
  if (/^(?:GET|HEAD)$/i.test(method ?? 'GET')) return undefined
  // The others make a GET of it, which means something else to an MCP server.
  if (status !== 307 && status !== 308) return 'would drop the request body'
  return body instanceof ReadableStream ? 'needs a body that cannot be sent twice' : undefined
}
