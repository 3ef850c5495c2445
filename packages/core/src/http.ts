import type { Runtime } from './runtime.ts'

// The only way in which a request is sent.

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
