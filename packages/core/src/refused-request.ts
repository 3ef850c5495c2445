import { unlessAborted } from './abort.ts'
import type { AuthContext } from './auth-context.ts'
import { type Credential, summarize } from './credential.ts'
import { urlForEvent } from './emitter.ts'
import { PentauthError } from './errors.ts'
import { drop } from './http.ts'
import { type Answer, isSuspect, type Outgoing } from './outgoing.ts'
import { withoutSecrets } from './redaction.ts'
import type { NamedResource } from './resource-lookup.ts'
import { errorFrom, refusesCredential } from './service-error.ts'
import { isRequest } from './snapshot.ts'

/** A request that was refused, and how to make and send it anew. */
export interface Refused {
  readonly auth: AuthContext
  readonly resource: NamedResource
  readonly credential: Credential
  readonly request: Outgoing
  readonly answer: Answer
  readonly signal: AbortSignal | null | undefined
  send(credential: Credential): Promise<Answer>
}

/**
 * Judges a refusal and, where it was the credential that was refused and there is another, sends the request once more.
 *
 * @returns the answer that the caller gets
 */
export async function renewedAnswer(refused: Refused): Promise<Response> {
  const { auth, resource, credential, request, answer, signal, send } = refused
  if (!(await isRefused(refused))) return answer.response
  const renewed = await unlessAborted(renew(auth, resource, credential, answer), signal)
  if (!renewed || !request.replayable) return answer.response
  drop(answer.response)
  const second = await send(renewed)
  auth.emit?.({
    type: 'request_resent',
    ...shown(request, resource, credential, renewed),
    credential: await summarize(renewed, auth.runtime.crypto),
    status: second.response.status,
  })
  const isAgain =
    (await isSuspect(auth, second, resource, renewed)) &&
    (await isRefused({ ...refused, credential: renewed, answer: second }))
  if (isAgain) tellRefusedAgain(auth, resource, renewed, second)
  return second.response
}

/** Reads what a refusal is about: no status always means the credential, so the text decides. */
async function isRefused({ auth, resource, credential, request, answer: { response } }: Refused): Promise<boolean> {
  const error = await errorFrom(response)
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
