import type { Echoes } from './proxy-echo.ts'

// What passes between the app and the service. Lists of the harmless, since a list of the secret, or of what some server believes
// about a request, is never complete.

const toService = [
  ...['accept', 'accept-language', 'content-encoding', 'content-language', 'content-type', 'idempotency-key'],
  ...['if-match', 'if-modified-since', 'if-none-match', 'if-unmodified-since', 'last-event-id', 'range'],
  // Not whose organization or project is charged and seen: that is the program's to say.
  ...['anthropic-beta', 'anthropic-version', 'openai-beta'],
]
const toApp = [
  ...['accept-ranges', 'content-disposition', 'content-language', 'content-length', 'content-range', 'content-type'],
  ...['etag', 'last-modified', 'request-id', 'retry-after', 'x-request-id', 'openai-processing-ms', 'openai-version'],
]
const toAppBeginning = /^(?:anthropic-ratelimit|ratelimit|x-ratelimit)(?:-|$)/

/** The headers of the app's that go to the service. */
export function headersToService(given: Headers): Headers {
  return only(given, toService)
}

/** The headers of the service's that go to the app, without those that repeat the credential. */
export function headersToApp(given: Headers, { isIn }: Echoes): Headers {
  const headers = only(given, toApp, toAppBeginning)
  for (const [name, value] of [...headers]) if (isIn(value) || isIn(name)) headers.delete(name)
  // What `fetch` has unpacked is longer than what was sent.
  if (given.has('content-encoding')) headers.delete('content-length')
  for (const [name, value] of Object.entries(ours)) headers.set(name, value)
  return headers
}

/** It is the caller's alone, and what a service sends is no page of the app. */
const ours = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; sandbox",
  'x-content-type-options': 'nosniff',
}

function only(given: Headers, names: readonly string[], beginning?: RegExp): Headers {
  // Named so, a header is for this connection alone.
  const hop = new Set((given.get('connection') ?? '').toLowerCase().split(/[\s,]+/))
  const kept = new Headers()
  for (const [name, value] of given)
    if ((names.includes(name) || beginning?.test(name)) && !hop.has(name)) kept.append(name, value)
  return kept
}
