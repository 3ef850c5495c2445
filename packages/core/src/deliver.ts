import type { AuthContext } from './auth-context.ts'
import { passthrough } from './http.ts'
import type { Outgoing } from './outgoing.ts'
import { part } from './part.ts'
import type { NamedResource } from './resource-lookup.ts'

/**
 * Sends one request as it is; when `fetch` rejects, an event says why and what to set, and the platform's error passes, without what
 * it repeats of the secret. A token that is bound to a key travels with a proof, which is another one for each request.
 *
 * @param input the URL of this hop, which after a redirect is not the caller's
 */
export async function deliver(
  auth: AuthContext,
  resource: NamedResource,
  outgoing: Outgoing,
  input: string | URL | Request,
  init: Outgoing['init'],
): Promise<Response> {
  const send = (own: RequestInit) => passthrough(auth.runtime, input, own)
  // Where the token does not go, nothing is proven.
  const dpop = outgoing.boundTo && init.headers.has('authorization') ? await part(import('./dpop-steps.ts')) : undefined
  try {
    return await (dpop ? dpop.sendProven(auth, outgoing, input, init, send) : send(init))
  } catch (error) {
    // A page that is offline does not get this part either.
    const told = await import('./connection-failure.ts').catch(() => undefined)
    if (told) await told.connectionFailed(auth, resource, outgoing.secret, input, init, error)
    else if (!init.signal?.aborted) await tellShortly(auth, resource, error)
    throw error
  }
}

/** What can be told without that part, of the resource and not of the address. */
async function tellShortly({ runtime, emit }: AuthContext, { name, url }: NamedResource, error: unknown) {
  const at = new URL(url)
  const hint = await Promise.resolve(runtime.explainConnection?.(error, at)).catch(() => undefined)
  emit?.({ type: 'connection_failed', resource: name, origin: at.origin, reason: undefined, ...(hint ? { hint } : {}) })
}
