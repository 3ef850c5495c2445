import { type AccessToken, createSecret, type ProofKey } from './credential.ts'
import type { Absent } from './credential-source.ts'
import type { PentauthError } from './errors.ts'
import { type Lock, memoryLock } from './lock.ts'
import { isWithin, pauseAfter } from './pause.ts'
import { nextSerial } from './serial.ts'
import { type Held, type Seen, see } from './session-order.ts'
import type { Store } from './store.ts'
import { boundedExpiry, type Engine, type StoredSession } from './stored-session.ts'
import type { TokenRefusals } from './token-refusals.ts'

/** A session as this process knows it. */
export interface SessionState {
  /** Handed out; without it somebody has to look. */
  current: Current | undefined
  /** The last session that this process knows of. */
  newest: StoredSession | undefined
  /** Whether `newest` still has to get into the store. */
  unsaved: Unsaved | undefined
  /** When the store took `newest` (ms), and what it held before: not every store says at once what it took. */
  written: { readonly at: number; readonly before: string | undefined } | undefined
  /** What the store holds that is of no use to anybody, which was told of. */
  useless: string | undefined
  /** The one piece of work that is going on, for all who need its outcome. */
  work: Work | undefined
  /** The last token request, if it failed. */
  failure: Failure | undefined
  /** Grows with each sign-in and sign-out: work that began before comes to nothing. */
  epoch: number
  /** Sign-outs that have not deleted yet what they are for. */
  readonly leaving: Set<Leaving>
  readonly seen: Seen
  readonly refusals: TokenRefusals
  /** What the tokens are bound to, where they are. */
  proofKey: ProofKey | undefined
}

interface Current {
  readonly token: AccessToken
  /** When it was asked for (ms): its life is counted from there. */
  readonly obtainedAt: number
  /** When it became known, in the order of things: a request that went out earlier says nothing about it. */
  readonly serial: number
  /** Whether there is a refresh token. */
  readonly renewable: boolean
}

interface Work {
  readonly outcome: Promise<AccessToken | Absent>
  /** Whether somebody waits for it, and for what. */
  readonly wanted: { awaited: boolean }
}

/** A failed token request: how long (ms) nobody asks again. */
interface Failure {
  readonly error: unknown
  readonly count: number
  readonly at: number
  readonly pause: number
}

/** The store would not take a session. */
interface Unsaved {
  /** What it held in its place; absent where it could not be read. */
  readonly before: Held | undefined
  /** An attempt to save it. */
  saving?: Promise<void> | undefined
}

/** A sign-out, and what it takes: nobody here finds that any more. */
export interface Leaving {
  takes: (text: string) => boolean
  /** What a renewal brought too late, and a sign-in that came meanwhile. */
  late?: StoredSession
  replacedBy?: StoredSession
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

/** What all have in common who use a store; in functions, since whoever prints a store must see no token. */
interface Shared {
  readonly store: Store
  readonly lock: Lock
  readonly stateOf: (key: string) => SessionState
  /** Keeps a state as long as it holds what no store does. */
  readonly keep: (state: SessionState, isNeeded: boolean) => void
}

function newShared(store: Store): Shared {
  // A server has a session for each of its users, and forgets them with what used them.
  const states = new Map<string, WeakRef<SessionState>>()
  const needed = new Set<SessionState>()
  store.watch?.((key) => {
    const state = states.get(key)?.deref()
    if (state) Object.assign(state, elsewhere)
  })
  return {
    store,
    lock: memoryLock(),
    stateOf(key) {
      const known = states.get(key)?.deref()
      if (known) return known
      const state = newState()
      states.set(key, new WeakRef(state))
      if (states.size % 1000 === 0) for (const [name, ref] of states) if (!ref.deref()) states.delete(name)
      return state
    },
    keep: (state, isNeeded) => void (isNeeded ? needed.add(state) : needed.delete(state)),
  }
}

// On the store itself, since this code may be loaded more than once: with the engine, as an ES module and as its CommonJS twin.
const sharedKey: unique symbol = Symbol.for('pentauth.sessions.1')
/** For stores that take no property, such as frozen ones. */
const stores = /* @__PURE__ */ new WeakMap<Store, Shared>()

/** What is not known any more once somebody else wrote to the store: the next one who asks for a token looks again. */
const elsewhere: Partial<SessionState> = { current: undefined, failure: undefined, written: undefined }

function sharedOf(store: Store): Shared {
  const known = (store as { readonly [sharedKey]?: Shared })[sharedKey] ?? stores.get(store)
  // What wraps a store, or inherits from it, may be a store for somebody else.
  if (known?.store === store) return known
  const wrapping = stores.get(store)
  if (wrapping) return wrapping
  const shared = newShared(store)
  if (known || !Reflect.defineProperty(store, sharedKey, { value: shared })) stores.set(store, shared)
  return shared
}

/** The lock of all who gave none for this store. */
export function defaultLock(store: Store): Lock {
  return store.withLock ? (name, run) => (store as Required<Store>).withLock(name, run) : sharedOf(store).lock
}

/** The state of a session, one for all in this process who use the same store: a sign-out is known to all of them at once. */
export function sharedState(store: Store, key: string): SessionState {
  return sharedOf(store).stateOf(key)
}

function newState(): SessionState {
  return {
    current: undefined,
    newest: undefined,
    unsaved: undefined,
    written: undefined,
    useless: undefined,
    work: undefined,
    failure: undefined,
    epoch: 0,
    leaving: new Set(),
    seen: new Map(),
    refusals: new Map(),
    proofKey: undefined,
  }
}

/** What the tokens of a session are bound to: one object for one key, since what servers want in its proofs is known by that. */
export function proofKeyOf({ state }: Place, { proofKey }: StoredSession): ProofKey | undefined {
  const text = proofKey && JSON.stringify(proofKey)
  if (state.proofKey?.jwk?.reveal() !== text)
    state.proofKey = text === undefined ? undefined : { jwk: createSecret(text), pair: undefined }
  return state.proofKey
}

/**
 * Takes a session into use; the same token stays the same object, so that nobody takes it for another.
 *
 * @param isNew whether it was issued just now: then what was sent before says nothing about it, also when it is the same token again
 */
export function adopt(place: Place, session: StoredSession, isNew = false): AccessToken {
  const { state, name, account } = place
  const { accessToken, obtainedAt, refreshToken, scopes } = session
  // Of another process perhaps, whose clock is another.
  const expiresAt = boundedExpiry(session.expiresAt, obtainedAt)
  const known = state.current
  const boundTo = proofKeyOf(place, session)
  const isSame = known?.token.secret.reveal() === accessToken && known.token.expiresAt === expiresAt
  const same = isSame && known.token.boundTo === boundTo ? known : undefined
  const token: AccessToken = same?.token ?? {
    kind: 'access-token',
    secret: createSecret(accessToken),
    source: name,
    account,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(boundTo ? { boundTo } : {}),
  }
  const serial = (isNew ? undefined : same?.serial) ?? nextSerial()
  state.current = { token, obtainedAt, serial, renewable: refreshToken !== undefined }
  Object.assign(state, { newest: session, failure: undefined, useless: undefined })
  see(state.seen, session)
  return token
}

/**
 * Remembers the newest session, and whether the store would not take it.
 *
 * @param isNeeded whether no store may hold it: then it stays known when nobody uses it any more
 */
export function keep(
  { state, store }: Place,
  newest: StoredSession | undefined,
  unsaved?: Unsaved,
  isNeeded: boolean = unsaved !== undefined,
): void {
  Object.assign(state, { newest, unsaved, written: undefined })
  sharedOf(store).keep(state, isNeeded)
}

/** Forgets the session: it is over, or not there any more. */
export function drop(place: Place): void {
  keep(place, undefined)
  Object.assign(place.state, { current: undefined, failure: undefined, proofKey: undefined })
}

/** Forgets the session, and lets everything that is going on for it come to nothing. */
export function forget(place: Place): void {
  const { state } = place
  drop(place)
  state.refusals.clear()
  Object.assign(state, { work: undefined, useless: undefined, epoch: state.epoch + 1 })
}

/** The longest pause (ms) after a token request that failed, and the longest that a server may ask for. */
const longestPause = 30_000
const longestAsked = 60_000

/** Notes a failure for all callers; returns the pause (ms). */
export function noteFailure(state: SessionState, error: unknown, now: number): number {
  const count = (state.failure?.count ?? 0) + 1
  const asked = ((error as PentauthError | undefined)?.retryAfter || 0) * 1000
  const wait = Math.max(pauseAfter(count, longestPause), Math.min(asked, longestAsked))
  state.failure = { error, count, at: now, pause: wait }
  return wait
}

/** Whether nobody may ask for a token now. */
export function isPaused({ failure }: SessionState, now: number): boolean {
  return failure !== undefined && isWithin(failure.at, failure.pause, now)
}
