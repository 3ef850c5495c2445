import { PentauthError, type PentauthErrorCode } from './errors.ts'
import type { Flow } from './flow.ts'
import { isOutdated, isRenewalOf, type Seen, seeOver, sessionIn } from './session-order.ts'
import { alone, readText } from './session-saving.ts'
import { forget, keep, type Leaving, type Place, type SessionState } from './session-state.ts'
import { guarded } from './store-failure.ts'
import { parseStored, type StoredSession } from './stored-session.ts'

/**
 * Ends a session at its owner's wish: gone for this process at once, then from the store, and last, as far as it can be done, from the
 * authorization server. Whoever signs in meanwhile, here or elsewhere, stays signed in.
 *
 * @throws PentauthError `store_failed` when it could not be deleted; then it goes on.
 */
export async function endSession(place: Place, flow: Flow): Promise<void> {
  const { state, account } = place
  const { newest, unsaved } = state
  forget(place)
  const { epoch } = state
  // Until it is known what there is, that is whatever there is.
  const leaving: Leaving = { takes: (held) => !isNew(leaving, sessionIn(held, account)) }
  state.leaving.add(leaving)
  try {
    const known = await knownOf(place, flow, leaving, { newest, unsaved })
    const held = await taken(place, flow, leaving, known.isHere)
    const isTaken = held !== undefined && leaving.takes(held)
    const last = lastOf(state.seen, [leaving.late, isTaken ? sessionIn(held, account) : undefined, ...known.sessions])
    // From here on a renewal that comes too late revokes what it brings by itself.
    state.leaving.delete(leaving)
    // Nothing was there, or another sign-out took it first.
    if (held === undefined && !known.isHere && !leaving.late) return
    // Many servers would end a sign-in that has taken its place, too.
    const isReplaced = leaving.replacedBy !== undefined || (held !== undefined && !isTaken)
    const revocation = await revoked(place, flow, isReplaced ? undefined : last)
    flow.emit?.({ type: 'signed_out', account, ...revocation })
  } catch (error) {
    const last = leaving.late ?? newest
    // A deletion that failed may have worked: then only this process can still revoke it.
    if (epoch === state.epoch) keep(place, last, leaving.late ? { before: undefined } : unsaved, last !== undefined)
    throw error
  } finally {
    state.leaving.delete(leaving)
  }
}

interface Known {
  readonly sessions: readonly StoredSession[]
  /** Whether this process has it, whatever the store says. */
  readonly isHere: boolean
}

/** What there is of the session, here and in the store; from then on nothing else is taken but that and its renewals. */
async function knownOf(
  place: Place,
  flow: Flow,
  leaving: Leaving,
  { newest, unsaved }: Pick<SessionState, 'newest' | 'unsaved'>,
): Promise<Known> {
  const { account, state } = place
  const { seen } = state
  const text = await readText(place, flow)
  const found = parseStored(text, account)
  const stored = found.is === 'session' ? found.session : undefined
  // What this process knows is later than what is over, or older; where nothing is left, it may have been taken in vain.
  const isBehind = stored ? isOutdated(seen, stored) : found.is !== 'unreadable'
  const mine = unsaved || isBehind || isRenewalOf(newest, stored) ? newest : undefined
  const sessions = [mine, stored]
    .filter((session) => session !== undefined)
    .filter((session) => !isNew(leaving, session))
  leaving.takes = (held) => {
    const now = parseStored(held, account)
    if (now.is !== 'session') return held === text || now.is === 'ended'
    const { session } = now
    if (isNew(leaving, session)) return false
    return held === text || isOutdated(seen, session) || sessions.some((other) => isRenewalOf(session, other))
  }
  return { sessions, isHere: mine !== undefined && (unsaved !== undefined || isBehind) }
}

function isNew({ replacedBy }: Leaving, session: StoredSession | undefined): boolean {
  return isRenewalOf(session, replacedBy)
}

/** Which of the same session is to be revoked, since the others were replaced; all are over now. */
function lastOf(seen: Seen, known: readonly (StoredSession | undefined)[]): StoredSession | undefined {
  const sessions = known.filter((session) => session !== undefined)
  const last = sessions.find((session) => !isOutdated(seen, session))
  for (const session of sessions) seeOver(seen, session)
  return last
}

/**
 * Takes the session out of the store once nobody renews it or signs in; what is not to be taken stays.
 *
 * @returns what the store held
 */
async function taken(place: Place, flow: Flow, leaving: Leaving, isHere: boolean): Promise<string | undefined> {
  const { state, key } = place
  const store = guarded(flow.service, place.store)
  let isAlone = false
  const take = async () => {
    isAlone = true
    const held = await store.get(key)
    if (held === undefined ? !isHere : !leaving.takes(held)) return held
    await store.delete(key)
    // A sign-in that could not be saved meanwhile now finds nothing where it found this.
    if (state.unsaved?.before?.text === held) keep(place, state.newest, { before: { text: undefined } })
    return held
  }
  return alone(place, flow, take).catch((error) => {
    if (isAlone) throw error
    // Nobody stays signed in because a lock fails.
    return take()
  })
}

interface Revocation {
  readonly revocation: 'done' | 'failed' | 'none'
  /** Why it failed. */
  readonly code?: PentauthErrorCode
}

/** The best effort: whoever signed out is signed out here, whatever the server says. */
async function revoked({ engine }: Place, flow: Flow, session: StoredSession | undefined): Promise<Revocation> {
  if (session?.revocationEndpoint === undefined) return { revocation: 'none' }
  try {
    const { revokeTokens } = await engine()
    await revokeTokens(flow, session)
    return { revocation: 'done' }
  } catch (error) {
    return { revocation: 'failed', ...(PentauthError.isInstance(error) ? { code: error.code } : {}) }
  }
}
