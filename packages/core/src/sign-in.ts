import type { SigningKey } from './client-authentication.ts'
import { emitter } from './emitter.ts'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { loadTold } from './load-told.ts'
import { part } from './part.ts'
import type { PendingSignIn } from './pending-sign-in.ts'
import { withDefaults } from './runtime.ts'
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
  loadSteps,
  lockOf,
  proofKeyFor,
  type SignInOptions,
  type SignInWishes,
  scopesBefore,
} from './sign-in-flow.ts'
import type { Tokens } from './token-answer.ts'

export interface StartSignInOptions extends SignInWishes {
  /** Where the authorization server sends the person back to. */
  readonly redirectUri: string
  /**
   * Gives the authorization server the request itself, so that the person's browser carries no more than its name (RFC 9126); done
   * without it where the server asks for that. The server keeps a request for a minute or so: send the person there at once.
   */
  readonly pushed?: boolean | undefined
  /** Signs in where the metadata does not say whether the server checks PKCE: others could then use a stolen code. */
  readonly dangerouslyAllowMissingPkceMetadata?: boolean | undefined
}

export interface FinishSignInOptions extends SignInOptions {
  /** Of the client, where that proves itself with one: it did not wait in the store. */
  readonly privateKey?: SigningKey | undefined
}

/** What a person came back with; a `Request`, and Node's request, have a `url`. */
export type Callback = string | URL | URLSearchParams | { readonly url?: string | undefined }

export interface StartedSignIn {
  /** Where to send the person. */
  readonly url: URL
  readonly state: string
  /** Milliseconds since the epoch after which the response is not accepted any more. */
  readonly expiresAt: number
}

/**
 * Begins a sign-in: finds the authorization server, registers there where needed, and says where to send the person.
 *
 * What is needed to finish it waits in the store for ten minutes, also across a restart.
 *
 * @throws PentauthError `discovery_failed`, `unsafe_address` or `registration_failed` when the service's own documents do not lead to
 *   a sign-in, `insufficient_scope` when the challenge asks for what the session has already, `invalid_option` for an option no
 *   sign-in can use, `client_refused` or `sign_in_failed` when the server does not take a request that is pushed,
 *   `temporarily_unavailable`, `store_failed`.
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1-13#section-4.1
 * @example
 * ```ts
 * const { url } = await startSignIn(pensyve, { store, redirectUri: 'http://127.0.0.1:8123/callback' })
 * console.log(`Open ${url}`)
 * ```
 */
export async function startSignIn(service: Service, given: StartSignInOptions): Promise<StartedSignIn> {
  const options = await checked(service, given)
  const { store, redirectUri, account = 'default', app = 'default' } = options
  if (redirectUri === undefined) throw unusable('redirectUri', 'is missing', 'Say where the person is sent back to.')
  const flow = await flowOf(service, options.resource, options)
  const challenge = await challengeFor(flow, options)
  const steps = await loadSteps()
  const cache = steps.sharedDiscovery
  const discovered = await steps.discover(flow, { ...options, challenge, cache })
  await steps.checkAuthorizationEndpoint(flow, discovered.server)
  const { proofKey, thumbprint } = await proofKeyFor(flow, discovered, options)
  const session = await scopesBefore(flow, options)
  const { scope, askedBefore } = await steps.requestedScope(flow, discovered, {
    given: options.scope,
    challenge,
    session,
  })
  const { server, resource } = discovered
  const isPushed = options.pushed === true || server.require_pushed_authorization_requests === true
  const begin = isPushed ? (await part(import('./push-steps.ts'))).pushedRequest : steps.plainRequest
  const registration = { client: options.client ?? settingsOf(service).client ?? {}, redirectUri, store, cache }
  const { client, url, state, verifier } = await begin(flow, discovered, registration, {
    redirectUri,
    scope,
    thumbprint,
  })

  const startedAt = flow.runtime.now()
  const facts = { server, client, redirectUri, resource, scope, askedBefore, proofKey }
  const about = { service: service.id, resourceName: flow.resource.name, resourceUrl: flow.resource.url, account, app }
  const pending = { state, verifier, ...facts, startedAt, ...about }
  const expiresAt = await steps.savePending(service, store, lockOf(options), pending)
  const { clientId, issuer } = client
  const told = flow.emit && (await loadTold())
  told?.tellStarted(flow, { account, issuer, clientId, way: 'redirect', page: url, scope, session })
  return { url, state, expiresAt }
}

/**
 * Finishes a sign-in with what the person came back with: checks the response, gets the tokens, saves the session.
 *
 * @param callback the URL that the authorization server sent the person to, its query, its parameters, or the request for it
 * @throws PentauthError `sign_in_response_invalid` for what is no answer to a sign-in of this store, or one that was finished before or
 *   came too late; `sign_in_required` for one whose key was changed; `sign_in_failed` when the server or the person said no; `client_refused`; `token_response_invalid`;
 *   `invalid_option`; `temporarily_unavailable`; `store_failed`.
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1-13#section-4.1.2
 * @example
 * ```ts
 * const { account, scopes } = await finishSignIn(pensyve, request.url, { store })
 * const auth = createAuth(pensyve, { credential: signedIn({ store, account }) })
 * ```
 */
export async function finishSignIn(
  service: Service,
  callback: Callback,
  given: FinishSignInOptions,
): Promise<FinishedSignIn> {
  const options = await checked(service, given)
  const response = parametersOf(callback)
  const { now } = withDefaults(options.runtime)
  const steps = await loadSteps()
  const waiting = { store: options.store, lock: lockOf(options), account: options.account, app: options.app }
  const pending = await steps.takePending(service, waiting, response.get('state'), now()).catch(async (error) => {
    const emit = emitter(service.id, options.onEvent)
    if (emit) (await part(import('./sign-in-failure.ts'))).tellFailed(emit, error)
    throw error
  })
  const flow = await flowOf(service, pending.resourceName, options)
  const { client, redirectUri } = pending
  if (client.stored)
    await import('./registration-steps.ts')
      .then(({ noteReturned }) => noteReturned(flow, { ...client, redirectUri, store: options.store }, client.clientId))
      .catch(() => undefined)
  const requestedAt = now()
  const tokens = await exchanged(flow, pending, response, options.privateKey).catch(async (error) => {
    // Trouble that passes is no answer: the same callback may be tried again.
    if (isPassing(error)) await steps.savePending(service, waiting.store, waiting.lock, pending).catch(() => undefined)
    return (await part(import('./sign-in-failure.ts'))).signInFailed(flow, options.store, pending, error)
  })
  return enter(flow, options, pending, { tokens, requestedAt })
}

/** The tokens for the code of a genuine response. */
async function exchanged(
  flow: Flow,
  pending: PendingSignIn,
  response: URLSearchParams,
  privateKey: SigningKey | undefined,
): Promise<Tokens> {
  const { service, runtime, emit } = flow
  const { server, state } = pending
  const steps = await loadSteps()
  const client = await steps.keptClient(pending.client, privateKey)
  const answer = await steps.authorizationResponse(service, { server, clientId: client.clientId, state }, response)
  emit?.({ type: 'sign_in_returned', account: pending.account, issuer: server.issuer })
  if (emit) {
    const told = await loadTold()
    told?.tellRequested(flow, server.token_endpoint ?? server.issuer, { source: 'sign-in', reason: 'first' })
  }
  const resource = steps.resourceParameter(service, pending.resource)
  const grant = steps.authorizationCodeGrant(answer, { ...pending, resource })
  const proof = boundTo(pending)
  return steps.requestToken({ service, runtime, emit, server, client, grant, boundTo: proof, source: 'sign-in' })
}

/** What is over with the next attempt, or with the option that is missing. */
function isPassing(error: unknown): boolean {
  return PentauthError.isInstance(error) && (error.retryable || error.code === 'invalid_option')
}

function parametersOf(callback: Callback): URLSearchParams {
  if (callback instanceof URLSearchParams) return callback
  const isRequest = typeof callback === 'object' && 'url' in callback
  // What a person pastes may be the query alone; some servers add a fragment of their own.
  const text = String(isRequest ? callback.url : callback)
    .trim()
    .replace(/#.*$/s, '')
  return URL.canParse(text) ? new URL(text).searchParams : new URLSearchParams(text.replace(/^[^?]*\?/, ''))
}
