import { unlessAborted } from './abort.ts'
import type { AuthContext } from './auth-context.ts'
import { type Credential, keyOf } from './credential.ts'
import { deliver } from './deliver.ts'
import { credentialHeaderNames, credentialHeaders, refuseCredential } from './header-selection.ts'
import { type Answer, isSuspect, type Outgoing, staysWithin } from './outgoing.ts'
import { part } from './part.ts'
import { type NamedResource, refuseUrl } from './resource-lookup.ts'
import { tellSent } from './sent-secrets.ts'
import { nextSerial } from './serial.ts'
import { isRequest, snapshot } from './snapshot.ts'
import { isThenable } from './thenable.ts'

/**
 * The request, on one screen: which resource, which credential, which headers, send, judge, renew once.
 *
 * It behaves as `fetch`: no HTTP status is thrown, nothing is timed out, capped or retried, and the request is sent again at most
 * once, after a renewal, if its body allows.
 */
export async function authorizedFetch(
  auth: AuthContext,
  given: string | URL | Request,
  options?: RequestInit,
): Promise<Response> {
  const [input, init] = snapshot(auth, given, options)
  const url = isRequest(input) ? input.url : input
  const resource = auth.find(url) ?? (await refuseUrl(auth.service, url))
  const signal = init.signal === undefined && isRequest(input) ? input.signal : init.signal
  // As fetch: nothing is asked of anybody for a request that is not wanted any more.
  if (signal?.aborted) throw signal.reason
  const pending = unlessAborted(auth.credentialFor(resource, true), signal)
  const credential = isThenable(pending) ? await pending : pending
  const request = await withCredential(auth, resource, credential, input, init)
  if (auth.service.scopes && credential.kind === 'access-token' && credential.scopes) {
    // Where a page cannot get this part, the service says what scope is missing.
    const scopes = await import('./scope.ts').catch(() => undefined)
    scopes?.checkScope(auth.service, resource, credential, { method: request.init.method, url })
  }
  const answer = await send(auth, request, resource)
  const suspect = isSuspect(auth, answer, resource, credential)
  if (!(isThenable(suspect) ? await suspect : suspect)) return answer.response
  const again = async (other: Credential) =>
    send(auth, await withCredential(auth, resource, other, input, init), resource)
  // Where a page cannot get this part, the refusal is the answer.
  const judge = await import('./refused-request.ts').catch(() => undefined)
  return judge
    ? judge.renewedAnswer({ auth, resource, credential, request, answer, signal, send: again })
    : answer.response
}

/** The caller's request with the credential in its one header; every other header of the caller's stays. */
async function withCredential(
  auth: AuthContext,
  resource: NamedResource,
  credential: Credential,
  input: string | Request,
  init: RequestInit,
): Promise<Outgoing> {
  const request = isRequest(input) ? input : undefined
  const selected =
    credentialHeaders(resource, credential) ?? (await refuseCredential(auth.service, resource, credential))
  const given = init.headers ?? request?.headers
  const headers = new Headers(given ?? selected)
  if (given) {
    // SDKs that we are the fetch of insist on a key of their own; two credentials on one request would be a leak or a riddle.
    for (const name of credentialHeaderNames) headers.delete(name)
    for (const [name, value] of Object.entries(selected)) if (!headers.has(name)) headers.set(name, value)
  }
  const body = init.body ?? request?.body
  tellSent(init, credential.secret)
  return {
    input,
    init: Object.assign(Object.create(null), init, {
      headers,
      method: init.method ?? request?.method ?? 'GET',
      // `null` takes a Request's signal away.
      signal: init.signal === undefined ? request?.signal : init.signal,
    }),
    secret: credential.secret,
    boundTo: keyOf(credential),
    hasBody: body !== null && body !== undefined,
    replayable: isReplayable(body),
  }
}

/** Sends in the way that keeps secrets home under the caller's redirect mode and on this platform. */
async function send(auth: AuthContext, request: Outgoing, resource: NamedResource): Promise<Answer> {
  const { input, init } = request
  const sent = nextSerial()
  const mode = init.redirect ?? (isRequest(input) ? input.redirect : 'follow')
  if (mode === 'follow' && auth.runtime.redirects === 'self') {
    const { sendFollowing } = await part(import('./redirect.ts'))
    return sendFollowing(auth, request, resource, sent)
  }
  // A browser hides redirects and strips only Authorization when it follows one to another origin.
  const redirect = mode === 'follow' && init.headers.has('x-api-key') ? 'error' : mode
  const response = await deliver(auth, resource, request, input, { ...init, redirect })
  return { response, sent, toCredential: !response.redirected || staysWithin(auth, response.url, resource) }
}

function isReplayable(body: unknown): boolean {
  if (body === null || body === undefined || typeof body === 'string') return true
  return (
    body instanceof URLSearchParams ||
    body instanceof Blob ||
    body instanceof FormData ||
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body)
  )
}
