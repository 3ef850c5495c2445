import { bearerChallenge } from './challenge.ts'
import { keyOf } from './credential.ts'
import { parametersOf } from './documented-message.ts'
import { PentauthError, type PentauthErrorCode, type PentauthErrorInit } from './errors.ts'
import { printable } from './printable.ts'
import { readCapped } from './read-capped.ts'
import { withoutSecrets } from './redaction.ts'
import { contextOf, type ResponseContext, secretsOf } from './response-context.ts'
import { retryAfterOf } from './retry-after.ts'
import type { DocumentedError } from './service.ts'
import { inWords } from './service-link.ts'

// Bytes of an error body that are read, and how long (ms); documented ones have a few hundred and come at once.
export const bodyLimit = 65_536
export const bodyTime = 3_000

/**
 * The documented error behind a refused response, typed; `undefined` when the response is ok. The response stays readable.
 *
 * @param response what `auth.fetch` returned; another response is judged by its status alone
 * @example
 * ```ts
 * const response = await auth.fetch('https://pendium.ai/api/visibility/report?syntheticId=a1')
 * const error = await errorFrom(response)
 * if (error?.code === 'agent_not_accessible') console.log(error.parameters?.syntheticId, error.hint)
 * ```
 */
export async function errorFrom(response: Response): Promise<PentauthError | undefined> {
  if (response.ok || response.status < 400) return undefined
  const context = contextOf(response)
  const unreadable = response.bodyUsed || response.body?.locked
  // A body that breaks off says nothing, and the status decides: fetch would not fail for it before it is read.
  const body = unreadable ? '' : await readCapped(response.clone(), bodyLimit, bodyTime).catch(() => '')
  return judge(response, body, context)
}

/**
 * Returns an ok response and throws the documented error of any other.
 *
 * @throws PentauthError with the code of the documented refusal, or one by status: `forbidden`, `rate_limited`, `service_unavailable`, …
 * @example
 * ```ts
 * const response = await throwIfRefused(await auth.fetch('https://api.pendra.ai/api/v1/models'))
 * console.log(await response.json())
 * ```
 */
export async function throwIfRefused(response: Response): Promise<Response> {
  const error = await errorFrom(response)
  if (error) throw error
  return response
}

/** Whether an error says that the credential itself was refused, so that renewing it may help. */
export function refusesCredential(error: PentauthError): boolean {
  return error.code === 'credential_refused' || error.code === 'authentication_required'
}

function judge(response: Response, body: string, context: ResponseContext | undefined): PentauthError {
  const { status, headers } = response
  // A service that repeats the credential in its answer must not put it into our message; JSON and headers are decoded first,
  // since an escape inside the credential would hide it.
  const secrets = context ? secretsOf(context) : []
  const safe = (text: string) => (context ? withoutSecrets(printable(text, 2000), ...secrets) : text)
  const isBound = context !== undefined && keyOf(context.credential) !== undefined
  const header = headers.get('www-authenticate')
  const challenge = (isBound ? bearerChallenge(header, 'dpop') : undefined) ?? bearerChallenge(header)
  // A response of another fetch is judged by its status: its texts may repeat a credential that we do not know.
  const said = context ? [...textsOf(body), challenge?.error_description ?? ''].filter(Boolean).map(safe) : []
  const facts = {
    status,
    retryAfter: retryAfterOf(headers, context?.at ?? Date.now()),
    retryable: status === 429 || status >= 500,
  }

  if (challenge?.error === 'insufficient_scope')
    return scopeError(context, context ? safe(challenge.scope ?? '') : '', facts)
  if (isBound && /^(?:use_dpop_nonce|invalid_dpop_proof)$/.test(challenge?.error ?? ''))
    return proofError(context, challenge?.error ?? '', said[0], facts)
  for (const documented of context?.service.errors ?? []) {
    const parameters = parametersOf(documented, status, said)
    if (parameters) return documentedError(context as ResponseContext, documented, parameters, said[0], facts)
  }
  return statusError(context, said[0], facts)
}

/** The texts of an error body that can be a documented message, the most telling first. */
function textsOf(body: string): string[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return body.trim() && !body.trimStart().startsWith('<') ? [body.trim()] : []
  }
  const { message, error_description, detail, error, code } = (parsed ?? {}) as Record<string, unknown>
  const nested = typeof error === 'object' && error !== null ? (error as Record<string, unknown>).message : error
  return [message, error_description, detail, nested, code].filter(
    (text) => typeof text === 'string' && text !== '',
  ) as string[]
}

type Facts = Pick<PentauthErrorInit, 'status' | 'retryAfter' | 'retryable'>

function documentedError(
  context: ResponseContext,
  { code, hint, link, wayOut }: DocumentedError,
  parameters: Record<string, string>,
  said: string | undefined,
  facts: Facts,
): PentauthError {
  const { service, credential } = context
  const again = isOfSignIn(context) ? signInAgain[code] : undefined
  // An access token is not mended where keys are made.
  const place = link === 'keys' && credential.kind === 'access-token' ? (again ? 'connectedApps' : 'clients') : link
  const page = place && service.links[place]
  const helps = again ?? hint
  return new PentauthError({
    ...facts,
    code,
    message: `${subject(context, code)}: ${quoted(facts.status, said)}.`,
    service: service.id,
    ...(Object.keys(parameters).length > 0 ? { parameters } : {}),
    hint: page ? `${helps} See ${inWords(page)}.` : helps,
    wayOut,
    link: page?.url ?? service.links.docs.url,
  })
}

/** What helps where the token of a sign-in was refused: services document one text for keys and tokens, which speaks of keys. */
const signInAgain: Partial<Record<PentauthErrorCode, string>> = {
  credential_refused: 'The sign-in has ended or was revoked. Sign in again.',
  authentication_required: 'Check that nothing on the way removes the Authorization header; otherwise sign in again.',
}

/** Whether a person got the refused credential by signing in; where a service says that it has no sign-in, a client got it. */
function isOfSignIn(context: ResponseContext | undefined): boolean {
  const grants = context?.service.oauth?.grants
  return context?.credential.kind === 'access-token' && (!grants || grants.includes('authorization_code'))
}

function scopeError(context: ResponseContext | undefined, scope: string, facts: Facts): PentauthError {
  const needed = scope ? printable(scope, 200) : undefined
  const fallback = context?.service.scopes?.default
  const ofSignIn = isOfSignIn(context)
  const held = (ofSignIn && context?.credential.kind === 'access-token' && context.credential.scopes) || []
  const union = needed && [...new Set([...held, ...needed.split(' ')])].join(' ')
  const scopes = [...new Set([union, fallback])].filter(Boolean).map((name) => `"${name}"`)
  const what = ofSignIn ? 'Sign in again with' : 'Use a credential with'
  return new PentauthError({
    ...facts,
    code: 'insufficient_scope',
    message: `${context?.service.name ?? 'The service'} refused the operation: the credential's scope does not allow it.`,
    service: context?.service.id,
    ...(needed ? { parameters: { scope: needed } } : {}),
    hint: scopes.length > 0 ? `${what} scope ${scopes.join(' or ')}.` : `${what} a wider scope.`,
    link: (ofSignIn ? undefined : context?.service.links.keys?.url) ?? context?.service.links.docs.url,
  })
}

/** The token is not what was refused, so that renewing it would not help. */
function proofError(context: ResponseContext, error: string, said: string | undefined, facts: Facts): PentauthError {
  const { service } = context
  return new PentauthError({
    ...facts,
    code: 'request_rejected',
    message: `${subject(context, 'request_rejected')}: ${quoted(facts.status, said ?? error)}.`,
    service: service.id,
    parameters: { error },
    hint: 'The proof of the key was refused, and not the token: check the clock of this machine, and that no proxy changes the URL.',
    link: service.links.docs.url,
  })
}

const byStatus: Readonly<Record<number, { code: PentauthErrorCode; hint: string }>> = {
  401: { code: 'credential_refused', hint: 'Check that the credential is current and belongs to this service.' },
  402: { code: 'insufficient_credits', hint: 'Buy credits or change the plan.' },
  403: { code: 'forbidden', hint: 'The credential is valid but not allowed to do this.' },
  404: { code: 'not_found', hint: 'Check the path and the ids in it.' },
  429: {
    code: 'rate_limited',
    hint: 'Wait before trying again; error.retryAfter says how many seconds where the service does.',
  },
}

function statusError(context: ResponseContext | undefined, said: string | undefined, facts: Facts): PentauthError {
  const status = facts.status ?? 0
  const { code, hint } = byStatus[status] ?? {
    code: status >= 500 ? ('service_unavailable' as const) : ('request_rejected' as const),
    hint:
      status >= 500
        ? 'The service has a problem; try again later.'
        : "Check the request against the service's documentation.",
  }
  return new PentauthError({
    ...facts,
    code,
    message: `${subject(context, code)}: ${quoted(status, said)}.`,
    service: context?.service.id,
    hint,
    link: context?.service.links.docs.url,
  })
}

function subject(context: ResponseContext | undefined, code: PentauthErrorCode): string {
  if (!context) return 'The service refused the request'
  const { service, credential } = context
  if (code !== 'credential_refused') return `${service.name} refused the request`
  const what = credential.kind === 'api-key' ? 'API key' : 'access token'
  return `${service.name} refused the ${what} from ${credential.source} (${credential.secret.preview}…)`
}

function quoted(status: number | undefined, said: string | undefined): string {
  return said ? `${status} ${JSON.stringify(printable(said))}` : `status ${status}`
}
