import type { Challenge } from './challenge.ts'
import { requireChecked } from './checked-service.ts'
import { createSecret, type ProofKey, summarize } from './credential.ts'
import type { Discovered } from './discovered.ts'
import { emitter } from './emitter.ts'
import { type EventListener, scopesForEvent } from './events.ts'
import type { Flow } from './flow.ts'
import type { Lock } from './lock.ts'
import { part } from './part.ts'
import type { DpopWish, ProofJwk } from './proof-key.ts'
import type { ClientOptions } from './registration.ts'
import { namedResource } from './resource-lookup.ts'
import type { Runtime } from './runtime.ts'
import type { Resource, Service } from './service.ts'
import { runtimeFor } from './service-settings.ts'
import { checkedLabels } from './session-labels.ts'
import { placesOf } from './session-place.ts'
import { readText, saveSession } from './session-saving.ts'
import { defaultLock, type Place } from './session-state.ts'
import { sessionNow } from './session-verdict.ts'
import { type SignInFacts, sessionOf } from './sign-in-session.ts'
import { engineOf } from './signed-in.ts'
import type { Store } from './store.ts'
import type { Tokens } from './token-answer.ts'
import type { ScopesBefore } from './told-sign-in.ts'

// How every sign-in begins, whichever way the person takes, and what it ends with.

/** What all sign-ins, and both halves of one, have in common. */
export interface SignInOptions {
  /** Where the sign-in waits, and the session is kept. */
  readonly store: Store
  /** One that reaches as far as the store does; unless given, the store's own, else one of this process. */
  readonly lock?: Lock | undefined
  /** Whose sign-in this is, in the program's own words; `default` unless given. */
  readonly account?: string | undefined
  /** Keeps the sessions of two programs apart that share a store; `default` unless given. */
  readonly app?: string | undefined
  readonly runtime?: Partial<Runtime> | undefined
  readonly onEvent?: EventListener | undefined
}

/** What a sign-in asks for, and as whom. */
export interface SignInWishes extends SignInOptions {
  /** The OAuth client; registered at the server by itself unless given. */
  readonly client?: ClientOptions | undefined
  /** Name of the resource in the service; the first that takes access tokens unless given. */
  readonly resource?: string | undefined
  /** Scopes, separated by spaces; what the service asks for unless given. A refusal for want of scope adds to them. */
  readonly scope?: string | undefined
  /** Of the answer that asked for a token or for more scope; of several, the one for Bearer tokens counts. */
  readonly challenge?: Challenge | readonly Challenge[] | undefined
  /** Which authorization server, where a resource has several. */
  readonly issuer?: string | undefined
  /**
   * Binds the tokens to a key, so that whoever steals them alone can do nothing with them (RFC 9449): one that is made for the session,
   * or an extractable pair for ES256 of your own. The session keeps it. Bearer tokens unless given.
   */
  readonly dpop?: DpopWish | undefined
}

export interface FinishedSignIn {
  readonly account: string
  /** Granted scopes, where the server said them. */
  readonly scopes?: readonly string[]
  /** Milliseconds since the epoch after which the access token is renewed; absent when unknown. */
  readonly expiresAt?: number
}

/** The steps, which are loaded when somebody signs in: programs with an API key never need them. */
export const loadSteps = (): Promise<typeof import('./sign-in-steps.ts')> => part(import('./sign-in-steps.ts'))

/** Own properties only, since anybody may have polluted Object.prototype, and none that would be found unusable half way. */
export async function checked<O extends SignInOptions>(service: Service, given: O): Promise<O> {
  await requireChecked(service)
  const options: O = Object.assign(Object.create(null), given)
  const { store, lock, app, account } = options
  checkedLabels({ store, lock, app, account })
  const { client, scope, resource, redirectUri, issuer }: Partial<SignInWishes & { readonly redirectUri: unknown }> =
    options
  const isText = (value: unknown) => value === undefined || typeof value === 'string'
  const isPlainClient =
    client === undefined || (typeof client === 'object' && client && !Object.keys(client).some(isUnusual))
  // What is more than a page's own client takes more than a look.
  if (!isPlainClient || ![scope, resource, redirectUri, issuer].every(isText))
    (await part(import('./sign-in-options.ts'))).checkOptions(options)
  return options
}

function isUnusual(name: string): boolean {
  return name !== 'clientId' && name !== 'issuer'
}

/** The service, one of its resources that takes access tokens, and the platform. */
export async function flowOf(
  service: Service,
  resource: string | undefined,
  { runtime, onEvent }: SignInOptions,
): Promise<Flow> {
  const found = Object.entries<Resource>(service.resources).find(([name, { accessToken }]) =>
    resource === undefined ? accessToken : name === resource,
  )
  if (!found?.[1].accessToken) throw (await part(import('./sign-in-options.ts'))).takesNoTokens(service, resource)
  const emit = emitter(service.id, onEvent)
  return { service, resource: namedResource(...found), runtime: runtimeFor(service, runtime), emit }
}

/** The challenge that a sign-in answers: the caller's, else that of an MCP server of which nothing is known, where it decides on the scope. */
export async function challengeFor(
  flow: Flow,
  { challenge, scope }: Pick<SignInWishes, 'challenge' | 'scope'>,
): Promise<Challenge | undefined> {
  if (challenge !== undefined && !(Array.isArray(challenge) && challenge.length === 0))
    return (await part(import('./sign-in-options.ts'))).bearerOf(challenge)
  if (scope !== undefined || flow.resource.protocol !== 'mcp') return undefined
  const { challengeOf, isUnknown } = await part(import('./challenge-probe.ts'))
  return isUnknown(flow) ? challengeOf(flow) : undefined
}

/** What the tokens are to be bound to, where that is wanted: as the session keeps it, and as the authorization request names it. */
export async function proofKeyFor(
  { service, runtime }: Flow,
  { server, source }: Discovered,
  { dpop }: Pick<SignInWishes, 'dpop'>,
): Promise<{ readonly proofKey?: ProofJwk; readonly thumbprint?: string }> {
  if (!dpop) return Object.create(null)
  const { keyForSession } = await part(import('./dpop-steps.ts'))
  return keyForSession(runtime, { service, server, source }, dpop)
}

/** A key that a session keeps, for a request of its own. */
export function boundTo({ proofKey }: { readonly proofKey?: ProofJwk | undefined }): ProofKey | undefined {
  return proofKey && { jwk: createSecret(JSON.stringify(proofKey)), pair: undefined }
}

/** Where the session is, or will be. */
function placeOf(flow: Flow, { store, lock, account, app }: SignInOptions): Place {
  return placesOf(engineOf({}), { store, lock, account, app })(flow.resource)
}

export function lockOf({ lock, store }: SignInOptions): Lock {
  return lock ?? defaultLock(store)
}

/** What the session there is may do, and what it was asked for, where that is known. */
export async function scopesBefore(flow: Flow, options: SignInOptions): Promise<ScopesBefore | undefined> {
  const place = placeOf(flow, options)
  const session = sessionNow(place, flow, await readText(place, flow))
  return session && { held: session.scopes ?? [], requested: session.requested ?? [] }
}

/** Saves the session, and says what the person has signed in for. */
export async function enter(
  flow: Flow,
  options: SignInOptions,
  facts: SignInFacts,
  { tokens, requestedAt }: { readonly tokens: Tokens; readonly requestedAt: number },
): Promise<FinishedSignIn> {
  const { account, app } = facts
  const { randomId } = await loadSteps()
  const session = sessionOf(facts, tokens, requestedAt, randomId())
  // Its own parts only: a copy by spreading would inherit from a polluted Object.prototype.
  const place = placeOf(flow, Object.assign(Object.create(null), options, { account, app }))
  await saveSession(place, flow, session)
  const { expiresAt, scopes } = session
  if (flow.emit) {
    const credential = await summarize(tokens.accessToken, flow.runtime.crypto)
    flow.emit({ type: 'token_received', credential, expiresAt })
    flow.emit({ type: 'signed_in', account, scopes: scopesForEvent(scopes), expiresAt })
  }
  return { account, ...(scopes ? { scopes } : {}), ...(expiresAt === undefined ? {} : { expiresAt }) }
}
