import type { AuthContext } from './auth-context.ts'
import { deliver } from './deliver.ts'
import { urlForEvent } from './emitter.ts'
import { PentauthError } from './errors.ts'
import { drop } from './http.ts'
import { type Answer, type Outgoing, staysWithin } from './outgoing.ts'
import { withoutSecrets } from './redaction.ts'
import type { NamedResource } from './resource-lookup.ts'

// As the Fetch standard (section 4.4, HTTP-redirect fetch).
const maxHops = 20
const redirectStatuses = [301, 302, 303, 307, 308]

// What may go to an origin the service does not cover: a list of the harmless, since a list of the secret is never complete.
const harmless = ['accept', 'accept-language', 'user-agent', 'range']

/**
 * Sends a request and follows its redirects hop by hop: within the resource with the credential, elsewhere bare.
 *
 * fetch itself drops `Authorization` across origins and forwards `x-api-key` and the body, which is why we follow ourselves.
 *
 * @throws PentauthError `redirect_refused` when following would carry a body elsewhere, cannot repeat it, or never ends.
 */
export async function sendFollowing(
  auth: AuthContext,
  outgoing: Outgoing,
  resource: NamedResource,
  sent: number,
): Promise<Answer> {
  let { input, init }: { input: string | URL | Request; init: Outgoing['init'] } = outgoing
  let current: URL | undefined
  let withCredential = true
  for (let hop = 0; ; hop++) {
    init.redirect = 'manual'
    const response = await deliver(auth, resource, outgoing, input, init)
    const location = redirectStatuses.includes(response.status) ? response.headers.get('location') : null
    if (location === null) {
      return { response: hop === 0 ? response : markRedirected(response), sent, toCredential: withCredential }
    }
    const url = current ?? new URL(typeof outgoing.input === 'string' ? outgoing.input : outgoing.input.url)
    const target = URL.canParse(location, url) ? new URL(location, url) : undefined
    if (!target || !/^https?:$/.test(target.protocol))
      throw refused(auth, outgoing, url, response, 'leads to no http(s) URL')
    // fetch would refuse it too, with a message that repeats the URL.
    if (target.username || target.password)
      throw refused(auth, outgoing, url, response, 'leads to a URL with a user or password')
    if (hop === maxHops) throw refused(auth, outgoing, url, response, `is the ${maxHops + 1}st in a row`)

    // Once bare, always bare: a foreign server must not choose what our credential is sent to.
    withCredential &&= staysWithin(auth, target, resource)
    const next = nextInit(auth, init, response, url, target, withCredential, outgoing)
    auth.emit?.({
      type: 'redirect_followed',
      from: withoutSecrets(urlForEvent(url), outgoing.secret),
      to: withoutSecrets(urlForEvent(target), outgoing.secret),
      status: response.status,
      withCredential,
    })
    drop(response)
    if (!target.hash) target.hash = url.hash
    current = target
    input = target
    init = next
  }
}

function nextInit(
  auth: AuthContext,
  init: Outgoing['init'],
  response: Response,
  from: URL,
  target: URL,
  withCredential: boolean,
  outgoing: Outgoing,
): Outgoing['init'] {
  const method = init.method.toUpperCase()
  const toGet =
    (response.status === 303 && method !== 'GET' && method !== 'HEAD') || (response.status <= 302 && method === 'POST')
  const carriesBody = outgoing.hasBody && !toGet && method !== 'GET' && method !== 'HEAD'
  if (carriesBody && !withCredential) {
    throw refused(auth, outgoing, from, response, `would carry the request body to ${urlForEvent(target)}`)
  }
  if (carriesBody && !outgoing.replayable)
    throw refused(auth, outgoing, from, response, 'needs a body that cannot be sent twice')
  const headers = withCredential ? new Headers(init.headers) : only(init.headers, harmless)
  // The caller's referrer may name the page or hold a query that is nobody else's business.
  const base: Outgoing['init'] = withCredential ? init : { ...init, referrer: '', referrerPolicy: 'no-referrer' }
  if (!toGet) return { ...base, headers }
  for (const name of ['content-type', 'content-length', 'content-encoding', 'content-language', 'content-location']) {
    headers.delete(name)
  }
  const { body: _, ...rest } = base
  return { ...rest, headers, method: 'GET' }
}

function only(headers: Headers, names: readonly string[]): Headers {
  const kept = new Headers()
  for (const name of names) copy(headers, kept, name)
  return kept
}

function copy(from: Headers, to: Headers, name: string): void {
  const value = from.get(name)
  if (value !== null) to.set(name, value)
}

// `fetch` would say so too; a caller that checks `redirected` must not be told otherwise because we followed.
function markRedirected(response: Response): Response {
  return Object.defineProperty(response, 'redirected', { value: true })
}

function refused(auth: AuthContext, { secret }: Outgoing, from: URL, response: Response, why: string): PentauthError {
  drop(response)
  return new PentauthError({
    code: 'redirect_refused',
    message: withoutSecrets(
      `${auth.service.name} answered ${response.status} at ${urlForEvent(from)} with a redirect that ${why}.`,
      secret,
    ),
    service: auth.service.id,
    status: response.status,
    hint: "Request the final URL itself, or pass redirect: 'manual' to see the answer.",
  })
}
