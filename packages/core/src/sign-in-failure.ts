import { type DiscoveryCache, discoveryCache } from './discovery.ts'
import { PentauthError } from './errors.ts'
import { type Emit, failureFacts } from './events.ts'
import type { Flow } from './flow.ts'
import { forgetClient, type RegisteredClient } from './registration.ts'
import type { Store } from './store.ts'

/** What was discovered, for all sign-ins of this process. */
export const sharedDiscovery: DiscoveryCache = /* @__PURE__ */ discoveryCache()

interface Whose {
  readonly account: string
  readonly server: { readonly issuer: string }
}

interface Facts extends Whose {
  readonly client: RegisteredClient
  readonly redirectUri?: string
}

/** A code that is not taken is a sign-in that failed; a client that the server does not know (any more) is registered anew next time. */
export async function signInFailed(flow: Flow, store: Store, facts: Facts, error: unknown): Promise<never> {
  // Also where the registration cannot be forgotten.
  const failure = await asSignInFailure(flow, store, facts, error).catch((trouble: unknown) => trouble)
  tellFailed(flow.emit, failure, facts)
  throw failure
}

/** Tells of a sign-in that came to nothing; without one that was waiting, nobody knows whose it was. */
export function tellFailed(emit: Emit, error: unknown, whose?: Whose): void {
  if (!emit || !PentauthError.isInstance(error)) return
  emit({
    type: 'sign_in_failed',
    account: whose?.account,
    issuer: whose?.server.issuer,
    ...failureFacts(error),
  })
}

async function asSignInFailure(
  flow: Flow,
  store: Store,
  { client, redirectUri }: Facts,
  error: unknown,
): Promise<unknown> {
  if (!PentauthError.isInstance(error)) return error
  // It may have moved, or not know us any more.
  if (!error.retryable) sharedDiscovery.forget(flow)
  const { issuer, clientId } = client
  if (error.parameters?.error === 'invalid_client') await forgetClient(flow, { issuer, clientId, redirectUri, store })
  if (error.code !== 'token_request_rejected') return error
  return new PentauthError({
    code: 'sign_in_failed',
    message: error.message,
    service: flow.service.id,
    status: error.status,
    parameters: error.parameters,
    hint: 'Start the sign-in again: a code works once, and for a short time.',
  })
}
