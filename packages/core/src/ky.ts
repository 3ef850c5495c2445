import ky, { isHTTPError, isNetworkError, isTimeoutError, type KyInstance, type Options } from 'ky'
import type { Auth } from './auth.ts'
import { isAbort, unreachable } from './connection-failure.ts'
import { reasonOf } from './connection-reason.ts'
import { PentauthError } from './errors.ts'
import type { Resource } from './service.ts'
import { errorFrom } from './service-error.ts'

/**
 * A ky instance that authenticates every request and turns every refusal into a typed error.
 *
 * ky's own errors hold the request with its body and URL, which print; they are replaced by `PentauthError`s. Relative inputs are
 * resolved against the service's first resource unless `baseUrl` or `prefix` is given. The instance rejects with the codes of
 * `errorFrom`, with `network_error` and `timeout`; aborts and schema failures pass untouched.
 *
 * Before it sends, it rejects as `auth.fetch` does: `no_credential`, `url_not_covered` and others.
 *
 * @example
 * ```ts
 * const http = createHttp(createAuth(pendra, { credential: apiKey('pdr_sk_your_key_here') }))
 * const { data } = await http.get('models').json<{ data: { id: string }[] }>()
 * ```
 */
export function createHttp(auth: Auth, options: Options = {}): KyInstance {
  const refusals = new WeakMap<Response, PentauthError>()
  const streaming = new WeakSet<Request>()
  const [resource] = Object.values<Resource>(auth.service.resources)
  const base = (options.baseUrl ?? options.prefix) ? {} : { baseUrl: `${resource?.url}/` }

  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const response = await (needsCopy(input, streaming)
      ? resendable(auth, input, init)
      : auth.fetch(input, init)
    ).catch((error) => {
      const { signal } = init ?? (input instanceof Request ? input : {})
      throw signal?.aborted ? error : recognizable(error)
    })
    // Judged now: ky reads the body for its own error before any hook sees that.
    const refusal = await errorFrom(response)
    if (refusal) refusals.set(response, refusal)
    return response
  }

  return ky.create({
    ...base,
    ...options,
    retry: patience(options.retry),
    fetch,
    hooks: {
      ...options.hooks,
      beforeRequest: [
        ({ request, options: { body } }) => {
          if (body instanceof ReadableStream) streaming.add(request)
        },
        ...(options.hooks?.beforeRequest ?? []),
      ],
      beforeError: [
        async ({ error }) => typed(error, refusals, auth.service.id),
        ...(options.hooks?.beforeError ?? []),
      ],
    },
  })
}

/** ky by itself waits as long as a Retry-After says; a server must not decide that a call hangs for a year. */
function patience(retry: Options['retry']): NonNullable<Options['retry']> {
  return { maxRetryAfter: 60_000, ...(typeof retry === 'number' ? { limit: retry } : retry) }
}

async function typed(error: Error, refusals: WeakMap<Response, PentauthError>, service: string): Promise<Error> {
  if (isHTTPError(error)) {
    const known = refusals.get(error.response) ?? (await errorFrom(error.response))
    return (
      known ??
      new PentauthError({
        code: 'request_rejected',
        message: `The service answered ${error.response.status}.`,
        service,
        status: error.response.status,
      })
    )
  }
  // An abort by AbortSignal.timeout has the same name and no request; it passes as aborts do.
  if (isTimeoutError(error) && 'request' in error) {
    return new PentauthError({
      code: 'timeout',
      message: `${placeOf(error.request)} did not answer in time.`,
      service,
      hint: "Raise ky's timeout option, or try again.",
      retryable: true,
    })
  }
  if (isNetworkError(error)) return unreachable(service, error.request.url, error.cause)
  return error
}

function placeOf({ url }: { url: string }): string {
  return new URL(url).origin
}

/** ky knows a lost connection, and tries again, by the words of some platforms; Bun's and workerd's are others. */
function recognizable(error: unknown): unknown {
  if (isAbort(error) || PentauthError.isInstance(error) || !(error instanceof Error)) return error
  const isLost = reasonOf(error) !== undefined || (error as { retryable?: unknown }).retryable === true
  // biome-ignore lint/plugin: ky's alone; what the caller sees is made from it by `typed`
  return isLost && error.message !== 'fetch failed' ? new TypeError('fetch failed', { cause: error }) : error
}

/** Whether a request's body must be copied so that it can be sent again after a renewal: all but real streams. */
function needsCopy(input: string | URL | Request, streaming: WeakSet<Request>): input is Request {
  return input instanceof Request && input.body !== null && !streaming.has(input)
}

/** ky turns every body into a stream; giving the bytes instead keeps the request repeatable. */
async function resendable(auth: Auth, request: Request, init: RequestInit | undefined): Promise<Response> {
  const { url, method, headers, signal, redirect, credentials, mode, cache, referrerPolicy, integrity, keepalive } =
    request
  const body = await request.arrayBuffer()
  return auth.fetch(url, {
    ...{ method, headers, signal, redirect, credentials, mode, cache, referrerPolicy, integrity, keepalive, body },
    ...init,
  })
}
