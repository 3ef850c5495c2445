import { type DiscoveryCache, discoveryCache } from './discovery.ts'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { forgetClient, type RegisteredClient } from './registration.ts'
import type { Store } from './store.ts'

/** What was discovered, for all sign-ins of this process. */
export const sharedDiscovery: DiscoveryCache = /* @__PURE__ */ discoveryCache()

/** A code that is not taken is a sign-in that failed; a client that the server does not know (any more) is registered anew next time. */
export async function signInFailed(
  flow: Flow,
  store: Store,
  { client, redirectUri }: { readonly client: RegisteredClient; readonly redirectUri?: string },
  error: unknown,
): Promise<never> {
  if (!PentauthError.isInstance(error)) throw error
  // It may have moved, or not know us any more.
  if (!error.retryable) sharedDiscovery.forget(flow)
  const { issuer, clientId } = client
  if (error.parameters?.error === 'invalid_client') await forgetClient(flow, { issuer, clientId, redirectUri, store })
  if (error.code !== 'token_request_rejected') throw error
  throw new PentauthError({
    code: 'sign_in_failed',
    message: error.message,
    service: flow.service.id,
    status: error.status,
    parameters: error.parameters,
    hint: 'Start the sign-in again: a code works once, and for a short time.',
  })
}
