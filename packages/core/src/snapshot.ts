import type { AuthContext } from './auth-context.ts'
import { PentauthError } from './errors.ts'

/** The arguments as `fetch` reads them, at once: a caller may change its URL or headers while we wait for the credential. */
export function snapshot(
  auth: AuthContext,
  given: string | URL | Request,
  options: RequestInit | undefined,
): [string | Request, RequestInit] {
  // A null prototype: nothing that pollutes Object.prototype becomes an option of the request.
  const init: RequestInit = Object.create(null)
  // `fetch(url, request)` is common in proxies; a Request keeps its properties on its prototype, where no copy finds them.
  if (isRequest(given) || isRequest(options)) {
    // The platform's error would repeat a URL with which no request can be made; ours says what is wrong with it.
    if (!isRequest(given) && !auth.find(String(given))) return [String(given), init]
    return [ownRequest(given, options), init]
  }
  Object.assign(init, options)
  if (init.headers) init.headers = sendable(auth, init.headers)
  // What we compare must be what the platform reads, and it reads the text of whatever it is given.
  if (init.redirect !== undefined) init.redirect = String(init.redirect) as RequestRedirect
  return [String(given), init]
}

/**
 * A Request of the platform's own, made from the caller's: what is checked is then what is sent, whatever a subclass or a proxy
 * answers to whom.
 */
function ownRequest(given: string | URL | Request, options: RequestInit | undefined): Request {
  return new Request(isRequest(given) ? given : String(given), options)
}

/** The caller's headers; the platform's own error would repeat a value that cannot be sent, and it may be a secret. */
function sendable(auth: AuthContext, headers: HeadersInit): Headers {
  try {
    return new Headers(headers)
  } catch {
    throw new PentauthError({
      code: 'invalid_option',
      message: 'A header of the request has a name or value that cannot be sent.',
      service: auth.service.id,
      hint: 'Look for line ends and characters beyond Latin-1 in the headers option.',
    })
  }
}

// By shape: a Request of another realm or another fetch implementation is one too.
export function isRequest(input: string | URL | Request | RequestInit | undefined): input is Request {
  if (typeof input !== 'object' || input === null) return false
  return input instanceof Request || Object.prototype.toString.call(input) === '[object Request]'
}
