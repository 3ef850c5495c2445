import { type Adapter, PentauthError } from '@pentauth/core'
import type { ProviderPlace } from './provider-place.ts'

// Requests that an SDK makes to OAuth endpoints, with what it leaves out: no secret of another server's, a limit of time, and typed
// trouble.

/** An answer that has been read, so that several can have it. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** The answer as the SDKs take it. */
export function responseOf({ status, headers, text }: Answer): Response {
  const own = new Headers(headers)
  // The text is not encoded any more.
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) own.delete(name)
  return new Response(status === 204 || status === 304 ? null : text, { status, headers: own })
}

/** Milliseconds. */
const patience = 10_000

/**
 * Asks an OAuth endpoint.
 *
 * @param what the endpoint is called in messages, as metadata has it
 * @throws PentauthError `unsafe_address`, `temporarily_unavailable` where nothing was refused: 408, 425, 429, from 500 on, no answer, or
 *   one that is too long.
 */
export async function askEndpoint(
  { service, adapter }: ProviderPlace,
  url: URL,
  init: RequestInit,
  what: string,
): Promise<Answer> {
  const { runtime } = adapter
  const address = await adapter.checkAddress(url.href, what)
  const limit = AbortSignal.timeout(patience)
  const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit
  // Not followed: a body with a refresh token would be sent along.
  const redirect = 'manual'
  const unavailable = (
    message: string,
    more: { readonly status?: number; readonly retryAfter?: number | undefined } = {},
  ) =>
    new PentauthError({
      code: 'temporarily_unavailable',
      message,
      service: service.id,
      hint: 'Try again later; nothing was refused, and nobody was signed out.',
      retryable: true,
      ...more,
    })
  let response: Response
  let body: Awaited<ReturnType<Adapter['read']>>
  try {
    response = await runtime.fetch(address.href, { ...init, redirect, signal })
    body = await adapter.read(response)
  } catch (error) {
    if (PentauthError.isInstance(error) || init.signal?.aborted) throw error
    if (limit.aborted) throw unavailable(`${address.origin} did not answer within ${patience / 1000} s.`)
    throw unavailable(`${address.origin} could not be reached (${reasonOf(error)}).`)
  }
  const { headers } = response
  // A browser shows nothing of a redirect that is not followed.
  const status = response.type === 'opaqueredirect' ? 302 : response.status
  if (status >= 500 || status === 408 || status === 425 || status === 429) {
    const retryAfter = secondsIn(headers.get('retry-after'), runtime.now())
    const message =
      what === 'token_endpoint'
        ? `${service.name}'s token endpoint at ${address.origin} answered ${status}.`
        : `${service.name}: the ${what} at ${address.origin}${address.pathname} answered ${status}.`
    throw unavailable(message, { status, retryAfter })
  }
  if (body.isTooLong) throw unavailable(`${address.origin} answered more than 256 KiB.`)
  return { status, headers, text: body.text }
}

/** The platform's code, or the name of its error. */
function reasonOf(error: unknown): string {
  const { code, cause, name } = Object(error) as { code?: unknown; cause?: { code?: unknown }; name?: unknown }
  const reason = [code, cause?.code, name].find((one) => typeof one === 'string' && /^\w{3,40}$/.test(one))
  return String(reason ?? 'no reason')
}

function secondsIn(value: string | null, now: number): number | undefined {
  if (!value) return undefined
  const seconds = /^\d{1,9}$/.test(value) ? Number(value) : Math.ceil((Date.parse(value) - now) / 1000)
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined
}

const harmless = ['accept', 'accept-language', 'content-type', 'dpop', 'mcp-protocol-version', 'user-agent']

/**
 * The headers of an OAuth request: what the SDK was told to send with every request is the MCP server's, and goes to no other; its
 * credentials go to none but the resource itself.
 *
 * @param proof of the client, where it proves itself in a header
 */
export function endpointHeaders(given: RequestInit['headers'], isForeign: boolean, proof: string | undefined): Headers {
  const headers = new Headers(given)
  for (const name of [...headers.keys()])
    if (name === 'authorization' || name === 'x-api-key' || (isForeign && !harmless.includes(name)))
      headers.delete(name)
  if (proof !== undefined) headers.set('authorization', proof)
  return headers
}
