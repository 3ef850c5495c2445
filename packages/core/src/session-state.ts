import { type AccessToken, createSecret } from './credential.ts'
import type { Absent } from './credential-source.ts'
import type { PentauthError } from './errors.ts'
import { type Lock, memoryLock } from './lock.ts'
import { nextSerial } from './serial.ts'
import type { Store } from './store.ts'
import { boundedExpiry, type Engine, type StoredSession } from './stored-session.ts'

/** A session as this process knows it; the refresh token stays in the store. */
export interface SessionState {
  /** What is handed out. */
  token: AccessToken | undefined
  /** When it was asked for (ms): its life is counted from there. */
  obtainedAt: number
  /** When it became known, in the order of things: a request that went out earlier says nothing about it. */
  serial: number
  /** Whether there is a refresh token. */
  renewable: boolean
  /** The one piece of work that is going on, for all who need its outcome, and whether somebody waits for it. */
  pending: Promise<AccessToken | Absent> | undefined
  awaited: boolean
  failure: Failure | undefined
  unsaved: Unsaved | undefined
  saving: Promise<void> | undefined
  /** What the store holds of a session that ended and could not be marked so. */
  endedText: string | undefined
  /** What was told of once. */
  told: string | undefined
  /** Grows with each sign-in and sign-out: work that began before comes to nothing. */
  epoch: number
  /** Sign-outs that have not deleted the session yet: it is not there for anybody. */
  leaving: number
  /** Sign-outs that wait for the end of such work, and the tokens it brought too late. */
  signOuts: number
  late: StoredSession | undefined
  /** By resource: renewals in a row after which it still refused. */
  readonly refusals: Map<string, { readonly count: number; readonly at: number }>
}

/** A failed token request: until when (ms) nobody asks again. */
export interface Failure {
  readonly error: unknown
  readonly count: number
  readonly at: number
  readonly until: number
}

/** A session that the store would not take, and what the store held in its place. */
export interface Unsaved {
  readonly session: StoredSession
  /** `unknown` where it could not be read: then whatever it holds is from before. */
  readonly base: string | undefined | 'unknown'
}

/** Where a session is, and who sends for it. */
export interface Place {
  readonly state: SessionState
  readonly store: Store
  readonly lock: Lock
  /** Its name in the store and for the lock. */
  readonly key: string
  readonly account: string
  /** Name of the source, for people. */
  readonly name: string
  readonly engine: () => Promise<Engine>
}

interface Shared {
  readonly store: Store
  readonly lock: Lock
  readonly states: Map<string, WeakRef<SessionState>>
  /** States that hold what no store does. */
  readonly kept: Set<SessionState>
}

// On the store itself, since this code may be loaded more than once: with the engine, as an ES module and as its CommonJS twin.
const sharedKey: unique symbol = Symbol.for('pentauth.sessions.1')
/** For stores that take no property, such as frozen ones. */
const stores = /* @__PURE__ */ new WeakMap<Store, Shared>()

function sharedOf(store: Store): Shared {
  const known = (store as { readonly [sharedKey]?: Shared })[sharedKey] ?? stores.get(store)
  // What wraps a store, or inherits from it, may be a store for somebody else.
  if (known?.store === store) return known
  const wrapping = stores.get(store)
  if (wrapping) return wrapping
  const shared: Shared = { store, lock: memoryLock(), states: new Map(), kept: new Set() }
  if (known || !Reflect.defineProperty(store, sharedKey, { value: shared })) stores.set(store, shared)
  return shared
}

/** The lock of all who gave none for this store. */
export function defaultLock(store: Store): Lock {
  return sharedOf(store).lock
}

/** The state of a session, one for all in this process who use the same store: a sign-out is known to all of them at once. */
export function sharedState(store: Store, key: string): SessionState {
  const { states } = sharedOf(store)
  const known = states.get(key)?.deref()
  if (known) return known
  const state = newState()
  states.set(key, new WeakRef(state))
  // A server has a session for each of its users, and forgets them with what used them.
  if (states.size % 1000 === 0) for (const [name, ref] of states) if (!ref.deref()) states.delete(name)
  return state
}

function newState(): SessionState {
  return {
    token: undefined,
    obtainedAt: 0,
    serial: 0,
    renewable: true,
    pending: undefined,
    awaited: false,
    failure: undefined,
    unsaved: undefined,
    saving: undefined,
    endedText: undefined,
    told: undefined,
    epoch: 0,
    leaving: 0,
    signOuts: 0,
    late: undefined,
    refusals: new Map(),
  }
}

/** Takes a session into use; the same token stays the same object, so that nobody takes it for another. */
export function adopt({ state, name }: Place, session: StoredSession): AccessToken {
  const { accessToken, obtainedAt, refreshToken, scopes } = session
  // Of another process perhaps, whose clock is another.
  const expiresAt = boundedExpiry(session.expiresAt, obtainedAt)
  const known = state.token
  const isKnown = known?.secret.reveal() === accessToken && known.expiresAt === expiresAt
  state.token = isKnown
    ? known
    : {
        kind: 'access-token',
        secret: createSecret(accessToken),
        source: name,
        ...(expiresAt === undefined ? {} : { expiresAt }),
        ...(scopes === undefined ? {} : { scopes }),
      }
  if (!isKnown) state.serial = nextSerial()
  Object.assign(state, { obtainedAt, renewable: refreshToken !== undefined, failure: undefined, endedText: undefined })
  return state.token
}

/** Remembers what the store would not take, or that it has taken everything. */
export function keepUnsaved({ state, store }: Place, unsaved: Unsaved | undefined): void {
  state.unsaved = unsaved
  const { kept } = sharedOf(store)
  if (unsaved) kept.add(state)
  else kept.delete(state)
}

/** Forgets the session, and lets everything that is going on for it come to nothing. */
export function forget(place: Place): void {
  const { state } = place
  keepUnsaved(place, undefined)
  state.refusals.clear()
  Object.assign(state, {
    token: undefined,
    pending: undefined,
    failure: undefined,
    endedText: undefined,
    told: undefined,
  })
  state.epoch += 1
}

/** Pause (ms) after a token request that failed: doubled each time, or as the server asks, within reason. */
const pause = 1_000
const longestPause = 30_000
const longestAsked = 60_000

/** How long (ms) to wait after so many attempts in a row that came to nothing. */
function pauseAfter(attempts: number): number {
  return Math.min(pause * 2 ** (attempts - 1), longestPause)
}

/** Notes a renewal that a refusal of this resource brought about. */
export function noteRenewal({ refusals }: SessionState, resource: string, now: number): void {
  refusals.set(resource, { count: (refusals.get(resource)?.count ?? 0) + 1, at: now })
}

/** Whether a resource refused tokens that were made because of its refusals, so that one more is not worth its while. */
export function isInVain({ refusals }: SessionState, resource: string, now: number): boolean {
  const known = refusals.get(resource)
  return known !== undefined && known.at <= now && now < known.at + pauseAfter(known.count)
}

/** Notes a failure for all callers; returns the pause (ms). */
export function noteFailure(state: SessionState, error: unknown, now: number): number {
  const count = (state.failure?.count ?? 0) + 1
  const asked = ((error as PentauthError | undefined)?.retryAfter || 0) * 1000
  const wait = Math.max(pauseAfter(count), Math.min(asked, longestAsked))
  state.failure = { error, count, at: now, until: now + wait }
  return wait
}

/** Whether nobody may ask for a token now; a clock that was set back stretches no pause. */
export function isPaused({ failure }: SessionState, now: number): boolean {
  return failure !== undefined && failure.at <= now && now < failure.until
}
