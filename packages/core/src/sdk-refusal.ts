import type { PentauthError } from './errors.ts'
import { readCapped } from './read-capped.ts'
import { withoutSecrets } from './redaction.ts'
import { contextOf } from './response-context.ts'
import { bodyLimit, bodyTime, errorFrom } from './service-error.ts'

type Fields = Readonly<Record<string, unknown>>

/** An error in the form in which an SDK reads it; fields that the service sent stay where the SDK shows them. */
export type Envelope = (error: PentauthError, sent: Fields) => Fields

export const inOpenAIForm: Envelope = ({ message, code, status }, sent) => {
  const { error, ...rest } = sent
  // The SDK shows this object alone, so a body that has none moves in.
  const shown = isFields(error) ? error : rest
  return { ...rest, error: { ...shown, message, type: shown.type ?? typeOf(status), code: shown.code ?? code } }
}

export const inAnthropicForm: Envelope = ({ message, code, status }, sent) => {
  const shown = isFields(sent.error) ? sent.error : {}
  const error = {
    ...shown,
    message,
    type: shown.type ?? typeOf(status),
    details: shown.details ?? { error_code: code },
  }
  // Without a message at the top the SDK prints the whole body as JSON.
  return { ...sent, type: 'error', message, error }
}

const types: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
}

function typeOf(status = 400): string {
  return types[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
}

/**
 * Our error as an answer: 400, which no SDK tries again, or 503 where waiting helps.
 *
 * No service sent it: `x-pentauth-error` says so, with the code.
 */
export function ownAnswer(error: PentauthError, envelope: Envelope): Response {
  const { code, retryable, retryAfter } = error
  const headers = new Headers({ 'x-pentauth-error': code, 'x-should-retry': String(retryable) })
  if (retryable && retryAfter !== undefined) headers.set('retry-after', String(Math.ceil(retryAfter)))
  return Response.json(envelope(error, {}), { status: retryable ? 503 : 400, headers })
}

/** The service's refusal with our text in it, and without what it repeats of the credential. */
export async function refusalInForm(
  response: Response,
  envelope: Envelope,
  signal: AbortSignal | null | undefined,
): Promise<Response> {
  const context = contextOf(response)
  const error = await errorFrom(response)
  if (!context || !error) return response
  const { secret } = context.credential
  const hide = (text: string) => withoutSecrets(text, secret)
  // A body that breaks off says nothing, and the status decides; one that the caller gave up is an abort.
  const text = await readCapped(response, bodyLimit, bodyTime).catch(() => '')
  if (signal?.aborted) throw signal.reason

  const sent = parsed(text, hide)
  const headers = safeHeaders(response.headers, hide)
  // No service knows better whether the same credential will be taken the next time.
  if (error.code === 'credential_refused') headers.set('x-should-retry', 'false')
  const { status } = response
  // Of a request that the service finds fault with, nobody says more than the service.
  if (error.code === 'request_rejected')
    return new Response(sent ? JSON.stringify(sent) : hide(text), { status, headers })
  headers.set('content-type', 'application/json')
  return new Response(JSON.stringify(envelope(error, isFields(sent) ? sent : {})), { status, headers })
}

function parsed(text: string, hide: (text: string) => string): unknown {
  try {
    // Decoded first, since an escape inside the credential would hide it.
    return JSON.parse(text, (_name, value) => {
      if (typeof value === 'string') return hide(value)
      return isFields(value)
        ? Object.fromEntries(Object.entries(value).map(([name, part]) => [hide(name), part]))
        : value
    })
  } catch {
    return undefined
  }
}

function safeHeaders(sent: Headers, hide: (text: string) => string): Headers {
  const headers = new Headers(sent)
  // They describe the body as it came.
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) headers.delete(name)
  // That one is ours alone.
  headers.delete('x-pentauth-error')
  for (const [name, value] of sent) {
    const safe = hide(value)
    if (safe !== value) headers.set(name, safe)
  }
  return headers
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
