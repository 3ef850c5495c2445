import { withHint } from './error-hint.ts'
import { PentauthError } from './errors.ts'
import { type Emit, failureFacts } from './events.ts'
import type { Flow } from './flow.ts'
import { forgetClient, type RegisteredClient } from './registration.ts'
import { sharedDiscovery } from './shared-discovery.ts'
import type { Store } from './store.ts'

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
  const facts = PentauthError.isInstance(error) ? failureFacts(error) : givenUp
  emit?.({ type: 'sign_in_failed', account: whose?.account, issuer: whose?.server.issuer, ...facts })
}

/** What the program itself threw, or aborted with, is its own and may hold anything. */
const givenUp = { code: undefined, status: undefined, error: undefined, reason: 'The program gave it up.' }

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
  const isUnknown = error.parameters?.error === 'invalid_client'
  if (isUnknown) await forgetClient(flow, { issuer, clientId, redirectUri, store })
  if (isUnknown && client.stored) return withHint(error, error.code, 'Start the sign-in again: it registers anew.')
  if (error.code !== 'token_request_rejected') return error
  return withHint(error, 'sign_in_failed', 'Start the sign-in again: a code works once, and for a short time.')
}
