import { unlessAborted } from './abort.ts'
import type { DevicePrompt } from './device-authorization.ts'
import { part } from './part.ts'
import type { Service } from './service.ts'
import { settingsOf } from './service-settings.ts'
import { unusable } from './session-labels.ts'
import {
  boundTo,
  challengeFor,
  checked,
  enter,
  type FinishedSignIn,
  flowOf,
  proofKeyFor,
  type SignInWishes,
  scopesBefore,
} from './sign-in-flow.ts'
import { tellStarted } from './told-sign-in.ts'

export interface DeviceSignInOptions extends SignInWishes {
  /** Shows the person where to go and which code to compare or type there; what it throws ends the sign-in. */
  readonly present: (prompt: DevicePrompt) => unknown
  /** Ends the waiting; the sign-in then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Signs a person in who uses a browser elsewhere, such as from a terminal over SSH: shows a code, waits until it was allowed, saves the
 * session.
 *
 * The server is asked as often as it wishes, every 5 s unless it says otherwise, and until the code expires.
 *
 * @throws PentauthError `sign_in_failed` when the server or the person said no, or nobody came; `discovery_failed`, `unsafe_address` or
 *   `registration_failed` when the service's own documents do not lead to a sign-in of devices; `insufficient_scope`, `invalid_option`,
 *   `client_refused`, `token_response_invalid`, `temporarily_unavailable`, `store_failed`; the signal's reason.
 * @see https://www.rfc-editor.org/rfc/rfc8628
 * @example
 * ```ts
 * const { account } = await deviceSignIn(pensyve, {
 *   store,
 *   present: ({ verificationUri, userCode }) => console.log(`Open ${verificationUri} and enter ${userCode}`),
 * })
 * const auth = createAuth(pensyve, { credential: signedIn({ store, account }) })
 * ```
 */
export async function deviceSignIn(service: Service, given: DeviceSignInOptions): Promise<FinishedSignIn> {
  const options = await checked(service, given)
  if (typeof options.present !== 'function')
    throw unusable('present', 'is no function', 'Give one that shows the code.')
  const { store, present, signal, account = 'default', app = 'default' } = options
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function')
    throw unusable('signal', 'is no AbortSignal', 'Leave it out, or give one.')
  signal?.throwIfAborted()
  const flow = await flowOf(service, options.resource, options)
  const challenge = await unlessAborted(challengeFor(flow, options), signal)
  const steps = await part(import('./device-steps.ts'))
  const cache = steps.sharedDiscovery
  const discovered = await unlessAborted(steps.discover(flow, { ...options, challenge, cache, way: 'device' }), signal)
  const { proofKey } = await proofKeyFor(flow, discovered, options)
  const session = await scopesBefore(flow, options)
  const { scope, askedBefore } = await steps.requestedScope(flow, discovered, {
    given: options.scope,
    challenge,
    session,
  })
  const { server, resource } = discovered
  const registration = { client: options.client ?? settingsOf(service).client ?? {}, store, cache }
  const asking = steps.withClient(flow, discovered, registration, async (client) => {
    return { client, device: await steps.deviceAuthorization(flow, discovered, client, scope) }
  })
  const { client, device } = await Promise.resolve(unlessAborted(asking, signal)).catch((error) => {
    steps.tellFailed(flow.emit, error, { account, server })
    throw error
  })

  const { clientId, issuer } = client
  const page = device.prompt.verificationUri
  tellStarted(flow, { account, issuer, clientId, way: 'device', page, scope, session })
  const stop = new AbortController()
  const until = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  // It may wait for a key to be pressed, say; the person may be done long before.
  void Promise.resolve(device.prompt)
    .then(present)
    .catch((error) => stop.abort(error))
  const facts = { server, client, resource, scope, askedBefore, account, app, proofKey }
  const found = await steps
    .deviceTokens(flow, { ...facts, boundTo: boundTo(facts), device }, until)
    .catch((error) => steps.signInFailed(flow, store, facts, error))
  return enter(flow, options, facts, found)
}
