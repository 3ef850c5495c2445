import { unlessAborted } from './abort.ts'
import { PentauthError } from './errors.ts'
import type { Runtime } from './runtime.ts'

// This file is the only one that sends requests.

/** Sends a request to a resource as it is: no timeout, no size limit, no retry. */
export function passthrough(runtime: Runtime, input: string | URL | Request, init: RequestInit): Promise<Response> {
  // A null prototype: nothing that pollutes Object.prototype becomes an option of the request.
  const own = Object.getPrototypeOf(init) === null ? init : Object.assign(Object.create(null), init)
  // Platforms copy it into an object that inherits again. Said only where it is polluted: not every platform knows every option.
  if (typeof input === 'string' || input instanceof URL) {
    for (const name in {}) if (Object.hasOwn(unsaid, name)) own[name] ??= unsaid[name]
  }
  return runtime.fetch(input, own)
}

/** What a request that does not say it means by it (Fetch standard, section 5.4). */
const unsaid: Readonly<Record<string, unknown>> = {
  body: null,
  signal: null,
  credentials: 'same-origin',
  mode: 'cors',
  cache: 'default',
  referrer: 'about:client',
  referrerPolicy: '',
  integrity: '',
  keepalive: false,
}

/** Lets go of a response that nobody reads; a body that has broken off is no error then. */
export function drop(response: Response): void {
  response.body?.cancel().catch(() => undefined)
}

/** Limits for OAuth endpoints, whose honest answers are small and quick. */
const timeoutMs = 10_000
const maxBytes = 262_144

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
    const body = await readCapped(response, maxBytes + 1)
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

/**
 * Why a request failed, by the platform's code, such as `ECONNREFUSED`.
 *
 * The platform's errors themselves are not passed on: parser errors hold what the server sent, which may repeat a secret.
 */
export function reasonOf(error: unknown): string | undefined {
  const codes: string[] = []
  // A tunnel that a proxy refused is the cause of a cause.
  for (let link = error, depth = 0; link !== null && typeof link === 'object' && depth < 5; depth++) {
    const { code, cause } = link as { code?: unknown; cause?: unknown }
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) codes.push(code)
    link = cause
  }
  return codes.at(-1)
}

/** A reason as messages show it after what failed. */
export function inBrackets(reason: string | undefined): string {
  return reason ? ` (${reason})` : ''
}

/** What this platform knows about a failed connection; its explanation must never hide the failure itself. */
export async function explained(runtime: Runtime, error: unknown, url: string): Promise<string | undefined> {
  try {
    return await runtime.explainConnection?.(error, new URL(url))
  } catch {
    return undefined
  }
}

/** Reads at most that many bytes of a body as text, for at most that long (ms), and drops the rest. */
export async function readCapped(response: Response, limit: number, ms: number = timeoutMs): Promise<string> {
  const reader = response.body?.getReader()
  if (!reader) return ''
  const stop = () => void reader.cancel().catch(() => undefined)
  // A cancelled reader ends as a finished one does: what was read by then is the answer.
  const timer = setTimeout(stop, ms)
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (let bytes = 0; bytes < limit; ) {
      const { done, value } = await reader.read()
      if (done) return text + decoder.decode()
      bytes += value.byteLength
      text += decoder.decode(value, { stream: true })
    }
    stop()
    return text.slice(0, limit)
  } finally {
    clearTimeout(timer)
  }
}
