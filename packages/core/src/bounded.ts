import { unlessAborted } from './abort.ts'
import { explained, inBrackets, reasonOf } from './connection-reason.ts'
import { PentauthError } from './errors.ts'
import { passthrough } from './http.ts'
import { readCapped } from './read-capped.ts'
import type { Runtime } from './runtime.ts'

/** Limits for OAuth endpoints, whose honest answers are small and quick. */
export const timeoutMs = 10_000
export const maxBytes = 262_144

/**
 * Sends a request to an OAuth endpoint: no redirect is followed, at most 10 s, at most 256 KiB are read.
 *
 * @param noteReason told the platform's code when it cannot be reached
 * @throws PentauthError `temporarily_unavailable` when the endpoint cannot be reached, is too slow or answers too much.
 */
export async function bounded(
  runtime: Runtime,
  url: string,
  init: RequestInit,
  noteReason?: (reason: string | undefined) => void,
): Promise<Response> {
  const unavailable = (what: string, hint?: string) =>
    new PentauthError({
      code: 'temporarily_unavailable',
      message: `${new URL(url).origin} ${what}.`,
      hint: hint ?? 'Check the network (proxy, DNS, VPN) and try again; nothing was signed out.',
      retryable: true,
    })
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    // A browser's own cache would give back what was dropped here because it proved wrong.
    const fresh = runtime.redirects === 'platform' ? ({ cache: 'no-store' } as const) : undefined
    const answer = passthrough(runtime, url, { ...init, ...fresh, redirect: 'manual', signal })
    // A fetch of the program's own may not listen to its signal.
    const response = (await unlessAborted(answer, signal)) as Response
    // A browser shows nothing of a redirect that is not followed, not even which it was.
    if (response.type === 'opaqueredirect') return new Response(null, { status: 302 })
    const { status, headers } = response
    const body = await readCapped(response, maxBytes + 1, timeoutMs)
    if (body.length > maxBytes) throw unavailable(`answered more than ${maxBytes / 1024} KiB`)
    return new Response(body === '' || status === 204 || status === 304 ? null : body, { status, headers })
  } catch (error) {
    if (PentauthError.isInstance(error)) throw error
    const timedOut = error instanceof DOMException && error.name === 'TimeoutError'
    const reason = timedOut ? 'timeout' : reasonOf(error)
    noteReason?.(reason)
    throw unavailable(
      timedOut ? `did not answer within ${timeoutMs / 1000} s` : `could not be reached${inBrackets(reason)}`,
      await explained(runtime, error, url),
    )
  }
}
