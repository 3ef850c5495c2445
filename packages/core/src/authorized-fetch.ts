import { unlessAborted } from './abort.ts'
import type { AuthContext } from './auth-context.ts'
import { type Credential, summarize } from './credential.ts'
import { deliver } from './deliver.ts'
import { PentauthError } from './errors.ts'
import { urlForEvent } from './events.ts'
import { credentialHeaderNames, credentialHeaders } from './header-selection.ts'
import { drop } from './http.ts'
import { withoutSecrets } from './redaction.ts'
import { type Answer, type Outgoing, sendFollowing, staysWithin } from './redirect.ts'
import type { NamedResource } from './resource-for.ts'
import { checkScope } from './scope.ts'
import { tellSent } from './sent-secrets.ts'
import { nextSerial } from './serial.ts'
import { attachContext, errorFrom, refusesCredential } from './service-error.ts'
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
  const resource = auth.resourceFor(isRequest(input) ? input.url : input)
  const signal = init.signal === undefined && isRequest(input) ? input.signal : init.signal
  // As fetch: nothing is asked of anybody for a request that is not wanted any more.
  if (signal?.aborted) throw signal.reason
  const pending = unlessAborted(auth.credentialFor(resource, true), signal)
  const credential = isThenable(pending) ? await pending : pending
  const request = withCredential(auth, resource, credential, input, init)
  checkScope(auth.service, resource, credential, {
    method: request.init.method,
    url: isRequest(input) ? input.url : input,
  })
  const first = await send(auth, request, resource)
  const refused = isRefused(auth, first, request, resource, credential)
  if (!(isThenable(refused) ? await refused : refused)) return first.response

  const renewed = await unlessAborted(renew(auth, resource, credential, first), signal)
  if (!renewed || !request.replayable) return first.response
  drop(first.response)
  const again = withCredential(auth, resource, renewed, input, init)
  const second = await send(auth, again, resource)
  auth.emit?.({
    type: 'request_resent',
    ...shown(request, resource, credential, renewed),
    credential: await summarize(renewed, auth.runtime.crypto),
    status: second.response.status,
  })
  if (await isRefused(auth, second, again, resource, renewed)) tellRefusedAgain(auth, resource, renewed, second)
  return second.response
}

/** The caller's request with the credential in its one header; every other header of the caller's stays. */
function withCredential(
  auth: AuthContext,
  resource: NamedResource,
  credential: Credential,
  input: string | Request,
  init: RequestInit,
): Outgoing {
  const request = isRequest(input) ? input : undefined
  const selected = credentialHeaders(auth.service, resource, credential)
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
    hasBody: body !== null && body !== undefined,
    replayable: isReplayable(body),
  }
}

/** Sends in the way that keeps secrets home under the caller's redirect mode and on this platform. */
function send(auth: AuthContext, request: Outgoing, resource: NamedResource): Promise<Answer> {
  const { input, init } = request
  const sent = nextSerial()
  const mode = init.redirect ?? (isRequest(input) ? input.redirect : 'follow')
  if (mode === 'follow' && auth.runtime.redirects === 'self') return sendFollowing(auth, request, resource, sent)
  // A browser hides redirects and strips only Authorization when it follows one to another origin.
  const redirect = mode === 'follow' && init.headers.has('x-api-key') ? 'error' : mode
  return deliver(auth, resource, request.secret, input, { ...init, redirect }).then((response) => ({
    response,
    sent,
    toCredential: !response.redirected || staysWithin(auth, response.url, resource),
  }))
}

/** Whether the service refused this credential itself; only what it answered to the credential says anything about it. */
function isRefused(
  auth: AuthContext,
  answer: Answer,
  request: Outgoing,
  resource: NamedResource,
  credential: Credential,
): boolean | Promise<boolean> {
  const { response, sent, toCredential } = answer
  if (!toCredential) return false
  if (response.status >= 400) return judge(auth, response, request, resource, credential)
  const told = response.ok ? auth.source.accepted?.(credential, auth.requestFor(resource), sent) : undefined
  return told ? told.then(() => false) : false
}

/** Reads what a refusal is about, and marks the response for `errorFrom`. */
async function judge(
  auth: AuthContext,
  response: Response,
  request: Outgoing,
  resource: NamedResource,
  credential: Credential,
): Promise<boolean> {
  attachContext(response, { service: auth.service, resource, credential, at: auth.runtime.now() })
  // 401 is the standard's answer to a bad credential, 403 is Pensyve's; neither always means it, so the text decides.
  const error = response.status === 401 || response.status === 403 ? await errorFrom(response) : undefined
  if (!error || !refusesCredential(error)) return false
  auth.emit?.({
    type: 'credential_refused',
    ...shown(request, resource, credential),
    credential: await summarize(credential, auth.runtime.crypto),
    status: response.status,
    code: error.code,
  })
  return true
}

/** A request as events show it. */
function shown({ input, init }: Outgoing, { name }: NamedResource, ...credentials: readonly Credential[]) {
  const url = urlForEvent(new URL(isRequest(input) ? input.url : input))
  const secrets = credentials.map(({ secret }) => secret)
  return { resource: name, method: init.method, url: withoutSecrets(url, ...secrets) }
}

/** Another credential after a refusal; a failure that will pass or is the program's own is thrown, since a 401 would look like a sign-out. */
async function renew(
  auth: AuthContext,
  resource: NamedResource,
  refused: Credential,
  { response, sent }: Answer,
): Promise<Credential | undefined> {
  try {
    return await auth.source.renew?.(refused, auth.requestFor(resource), sent)
  } catch (error) {
    if (PentauthError.isInstance(error) && !error.retryable && error.code !== 'invalid_option') return undefined
    drop(response)
    throw error
  }
}

/** The source learns that what it found was refused, too, and may know that this will pass. */
function tellRefusedAgain(
  auth: AuthContext,
  resource: NamedResource,
  refused: Credential,
  { response, sent }: Answer,
): void {
  try {
    auth.source.refusedAgain?.(refused, auth.requestFor(resource), sent)
  } catch (error) {
    drop(response)
    throw error
  }
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
