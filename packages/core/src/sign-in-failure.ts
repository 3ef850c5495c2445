import { type DiscoveryCache, discoveryCache } from './discovery.ts'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import type { PendingSignIn } from './pending-sign-in.ts'
import { forgetClient } from './registration.ts'
import type { Store } from './store.ts'

/** What was discovered for those who bring no cache of their own. */
export const sharedDiscovery: DiscoveryCache = /* @__PURE__ */ discoveryCache()

/** A code that is not taken is a sign-in that failed; a client that the server does not know (any more) is registered anew next time. */
export async function signInFailed(
  flow: Flow,
  { client, redirectUri }: PendingSignIn,
  store: Store,
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
