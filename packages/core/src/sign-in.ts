import type { Challenge } from './challenge.ts'
import { summarize } from './credential.ts'
import { checkService } from './define-service.ts'
import type { DiscoveryCache } from './discovery.ts'
import { PentauthError } from './errors.ts'
import { type EventListener, emitter } from './events.ts'
import type { Flow } from './flow.ts'
import type { Lock } from './lock.ts'
import type { PendingSignIn } from './pending-sign-in.ts'
import type { ClientOptions } from './registration.ts'
import { resourceFor } from './resource-for.ts'
import { type Runtime, withDefaults } from './runtime.ts'
import type { Resource, Service } from './service.ts'
import { readText, saveSession } from './session-saving.ts'
import { defaultLock, type Place } from './session-state.ts'
import { placesOf, unusable } from './signed-in.ts'
import type { Store } from './store.ts'
import { parseStored, type StoredSession } from './stored-session.ts'
import type { Tokens } from './token-request.ts'

/** What the two halves of a sign-in share. */
export interface SignInOptions {
  /** Where the sign-in waits, and the session is kept. */
  readonly store: Store
  /** One that reaches as far as the store does; among the callers of this process unless given. */
  readonly lock?: Lock | undefined
  /** Whose sign-in this is, in the program's own words; `default` unless given. */
  readonly account?: string | undefined
  /** Keeps the sessions of two programs apart that share a store; `default` unless given. */
  readonly app?: string | undefined
  readonly runtime?: Partial<Runtime> | undefined
  readonly onEvent?: EventListener | undefined
}

export interface StartSignInOptions extends SignInOptions {
  /** Where the authorization server sends the person back to. */
  readonly redirectUri: string
  /** The OAuth client; registered at the server by itself unless given. */
  readonly client?: ClientOptions | undefined
  /** Name of the resource in the service; the first that takes access tokens unless given. */
  readonly resource?: string | undefined
  /** Scopes, separated by spaces; what the service asks for unless given. */
  readonly scope?: string | undefined
  /** Of the answer that asked for a token or for more scope. */
  readonly challenge?: Challenge | undefined
  /** Which authorization server, where a resource has several. */
  readonly issuer?: string | undefined
  readonly cache?: DiscoveryCache | undefined
  /** Signs in where the metadata does not say whether the server checks PKCE: others could then use a stolen code. */
  readonly dangerouslyAllowMissingPkceMetadata?: boolean | undefined
}

export interface StartedSignIn {
  /** Where to send the person. */
  readonly url: URL
  readonly state: string
  /** Milliseconds since the epoch after which the response is not accepted any more. */
  readonly expiresAt: number
}

/** The steps, which are loaded when somebody signs in: programs with an API key never need them. */
const loadSteps = () => import('./oauth.ts')

/**
 * Begins a sign-in: finds the authorization server, registers there where needed, and says where to send the person.
 *
 * What is needed to finish it waits in the store for ten minutes, also across a restart.
 *
 * @throws PentauthError `discovery_failed`, `unsafe_address` or `registration_failed` when the service's own documents do not lead to
 *   a sign-in, `invalid_option` for an option no sign-in can use, `temporarily_unavailable`, `store_failed`.
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1-13#section-4.1
 * @example
 * ```ts
 * const { url } = await startSignIn(pensyve, { store, redirectUri: 'http://127.0.0.1:8123/callback' })
 * console.log(`Open ${url}`)
 * ```
 */
export async function startSignIn(service: Service, given: StartSignInOptions): Promise<StartedSignIn> {
  const options = checked(service, given)
  const { store, redirectUri, client: wanted, challenge, account = 'default', app = 'default' } = options
  const flow = flowOf(service, options.resource, options)
  const steps = await loadSteps()
  const cache = options.cache ?? steps.sharedDiscovery
  // A refusal that names its metadata knows better than what was found before.
  if (challenge?.parameters.resource_metadata) cache.forget(flow)
  const discovered = await steps.discover(flow, { ...options, cache })
  steps.checkAuthorizationEndpoint(flow, discovered.server)
  const client = await steps
    .clientFor(flow, discovered, { client: wanted ?? {}, redirectUri, store })
    .catch((error) => {
      // Where it registers may have moved, too.
      cache.forget(flow)
      throw error
    })
  const before = await scopesBefore(flow, account, options)
  const scope = steps.requestedScope(flow, discovered, { given: options.scope, challenge, ...before })
  const { url, state, verifier } = await steps.authorizationRequest(discovered, client, { redirectUri, scope })

  const { server, resource } = discovered
  const startedAt = flow.runtime.now()
  const about = { service: service.id, resourceName: flow.resource.name, resourceUrl: flow.resource.url, account, app }
  const facts = { ...about, redirectUri, resource, scope, startedAt }
  const pending = { state, verifier, server, client, ...facts }
  const expiresAt = await steps.savePending(service, store, lockOf(options), pending)
  flow.emit?.({ type: 'sign_in_started', issuer: server.issuer, clientId: client.clientId, scope })
  return { url, state, expiresAt }
}

export interface FinishedSignIn {
  readonly account: string
  /** Granted scopes, where the server said them. */
  readonly scopes?: readonly string[]
  /** Milliseconds since the epoch after which the access token is renewed; absent when unknown. */
  readonly expiresAt?: number
}

/**
 * Finishes a sign-in with what the person came back with: checks the response, gets the tokens, saves the session.
 *
 * @param callback the URL that the authorization server sent the person to, its query, or its parameters
 * @throws PentauthError `sign_in_response_invalid` for what is no answer to a sign-in of this store, or one that was finished before or
 *   came too late; `sign_in_failed` when the server or the person said no; `client_refused`; `token_response_invalid`;
 *   `temporarily_unavailable`; `store_failed`.
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1-13#section-4.1.2
 * @example
 * ```ts
 * const { account, scopes } = await finishSignIn(pensyve, request.url, { store })
 * const auth = createAuth(pensyve, { credential: signedIn({ store, account }) })
 * ```
 */
export async function finishSignIn(
  service: Service,
  callback: string | URL | URLSearchParams,
  given: SignInOptions,
): Promise<FinishedSignIn> {
  const options = checked(service, given)
  const response = parametersOf(callback)
  const { now } = withDefaults(options.runtime)
  const steps = await loadSteps()
  const { store, account: wanted } = options
  const place = { store, lock: lockOf(options), account: wanted, app: options.app }
  const pending = await steps.takePending(service, place, response.get('state'), now())
  const flow = flowOf(service, pending.resourceName, options)
  const { server, client, account, app, state } = pending
  const requestedAt = now()
  const exchange = async (): Promise<Tokens> => {
    const answer = steps.authorizationResponse(service, { server, clientId: client.clientId, state }, response)
    flow.emit?.({
      type: 'token_requested',
      tokenEndpoint: server.token_endpoint ?? server.issuer,
      source,
      reason: 'first',
    })
    const grant = steps.authorizationCodeGrant(answer, pending)
    return steps.requestToken({ service, runtime: flow.runtime, server, client, grant, source })
  }
  const tokens = await exchange().catch(async (error) => {
    // Trouble that passes is no answer: the same callback may be tried again.
    const isOver = !PentauthError.isInstance(error) || !error.retryable
    if (!isOver) await steps.savePending(service, store, place.lock, pending).catch(() => undefined)
    return steps.signInFailed(flow, pending, store, error)
  })
  const session = sessionOf(pending, tokens, requestedAt)
  await saveSession(placeOf(flow, account, { ...options, app }), flow, session)
  await tell(flow, session, tokens)
  const { expiresAt, scopes } = session
  return { account, ...(scopes ? { scopes } : {}), ...(expiresAt === undefined ? {} : { expiresAt }) }
}

/** Name of the source in events. */
const source = 'sign-in'

function lockOf({ lock, store }: SignInOptions): Lock {
  return lock ?? defaultLock(store)
}

/** The service, one of its resources that takes access tokens, and the platform. */
function flowOf(service: Service, resource: string | undefined, options: SignInOptions): Flow {
  const found = Object.entries<Resource>(service.resources).find(([name, { accessToken }]) =>
    resource === undefined ? accessToken : name === resource,
  )
  if (!found?.[1].accessToken) {
    throw new PentauthError({
      code: 'invalid_option',
      message:
        resource === undefined
          ? `${service.name} takes no access tokens.`
          : `The resource ${JSON.stringify(resource)} of ${service.name} takes no access tokens.`,
      service: service.id,
      hint: service.apiKey ? `Use an API key (${service.apiKey.env}).` : 'Use another kind of credential.',
    })
  }
  const runtime = withDefaults(options.runtime)
  return { service, resource: resourceFor(service, found[1].url), runtime, emit: emitter(service.id, options.onEvent) }
}

/** What the session there is may do, and what it was asked for, where that is known. */
async function scopesBefore(flow: Flow, account: string, options: SignInOptions) {
  const found = parseStored(await readText(placeOf(flow, account, options), flow))
  const { scopes = [], requested = [] } = found.is === 'session' ? found.session : {}
  return { held: scopes, requested }
}

/** Own properties only, since anybody may have polluted Object.prototype, and none that would be found unusable half way. */
function checked<O extends SignInOptions>(service: Service, given: O): O {
  checkService(service)
  const options: O = Object.assign(Object.create(null), given)
  const { store, lock, app, account } = options
  placesOf(loadSteps, { store, lock, app, account })
  for (const name of ['scope', 'resource', 'redirectUri', 'issuer'] as const) {
    const value: unknown = (options as Partial<Record<typeof name, unknown>>)[name]
    if (value !== undefined && typeof value !== 'string')
      throw unusable(name, 'is no text', 'Leave it out, or give a string.')
  }
  return options
}

function parametersOf(callback: string | URL | URLSearchParams): URLSearchParams {
  if (callback instanceof URLSearchParams) return callback
  // What a person pastes may be the query alone.
  const text = String(callback).trim()
  return URL.canParse(text) ? new URL(text).searchParams : new URLSearchParams(text.replace(/^[^?]*\?/, ''))
}

function placeOf({ resource }: Flow, account: string, { store, lock, app }: SignInOptions): Place {
  return placesOf(loadSteps, { store, lock, app, account })(resource)
}

function sessionOf(
  { server, client, resource, account, scope, redirectUri }: PendingSignIn,
  tokens: Tokens,
  obtainedAt: number,
): StoredSession {
  const { clientId, authMethod, clientSecret } = client
  // Without a scope in the answer, what was asked for was granted (RFC 6749 section 5.1).
  const { expiresAt, secret, scopes = scope?.split(' ') } = tokens.accessToken
  return {
    version: 1,
    issuer: server.issuer,
    tokenEndpoint: server.token_endpoint as string,
    ...(server.revocation_endpoint ? { revocationEndpoint: server.revocation_endpoint } : {}),
    client: { clientId, authMethod, ...(clientSecret ? { clientSecret: clientSecret.reveal() } : {}) },
    resource,
    redirectUri,
    ...(scope && tokens.accessToken.scopes ? { requested: scope.split(' ') } : {}),
    account,
    accessToken: secret.reveal(),
    ...(tokens.refreshToken ? { refreshToken: tokens.refreshToken.reveal() } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(scopes ? { scopes } : {}),
    obtainedAt,
  }
}

async function tell({ emit, runtime }: Flow, session: StoredSession, { accessToken }: Tokens): Promise<void> {
  if (!emit) return
  const { account, expiresAt, scopes } = session
  emit({ type: 'token_received', credential: await summarize(accessToken, runtime.crypto), expiresAt })
  emit({ type: 'signed_in', account, scopes, expiresAt })
}
