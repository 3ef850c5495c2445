import { type AccessToken, summarize } from './credential.ts'
import type { Absent } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import { scopesForEvent } from './events.ts'
import type { Flow } from './flow.ts'
import { loadTold } from './load-told.ts'
import { part } from './part.ts'
import type { Held } from './session-order.ts'
import type { Renewed } from './session-refusal.ts'
import { saveRenewed } from './session-renewed.ts'
import { askAgain, tellFailed, type Wanted } from './session-request.ts'
import { alone, readText } from './session-saving.ts'
import { adopt, isPaused, noteFailure, type Place } from './session-state.ts'
import { judge, type NoSession } from './session-verdict.ts'
import { renewedSession, type StoredSession } from './stored-session.ts'
import { noteRenewal } from './token-refusals.ts'

// The one renewal of a session for all who share its store.

/** The session is another one than it was, or needs a renewal: look again. */
export const changed: unique symbol = Symbol('changed')
export type Changed = typeof changed

/** What the store has, without any request. */
export async function load(place: Place, flow: Flow, wanted: Wanted): Promise<AccessToken | Absent | Changed> {
  const { epoch } = place.state
  const before = await held(place, flow)
  if (epoch !== place.state.epoch) return changed
  const found = judge(place, flow, wanted.instead, before?.text)
  if (found.is === 'absent' || found.is === 'over') return nobody(place, flow, found)
  return found.is === 'stale' ? changed : use(place, flow, found.session, wanted.reason !== 'first')
}

/** The session is renewed, unless somebody else did so by the time it is our turn. */
export function renewal(place: Place, flow: Flow, wanted: Wanted): Promise<AccessToken | Absent | Changed> {
  const { state } = place
  return alone(place, flow, async () => {
    const { epoch } = state
    const before = await held(place, flow)
    if (epoch !== state.epoch) return changed
    const found = judge(place, flow, wanted.instead, before?.text)
    if (found.is === 'usable') return use(place, flow, found.session, true)
    if (found.is !== 'stale') return nobody(place, flow, found)
    const stored = found.session
    if (stored.refreshToken === undefined) {
      const { cannotRenew } = await part(import('./session-refusal.ts'))
      throw cannotRenew(place, flow, wanted.reason === 'refused', before?.text)
    }
    if (isPaused(state, flow.runtime.now())) throw state.failure?.error
    // Loading may take a while, and so may a process that stands still: whoever has lost the lock meanwhile finds what the next one wrote,
    // and does not send a refresh token that was used.
    await Promise.all([place.engine(), flow.emit && loadTold()])
    const last = await held(place, flow)
    if (last?.text !== before?.text || epoch !== state.epoch) return changed
    const requestedAt = flow.runtime.now()
    let next: StoredSession
    try {
      next = renewedSession(flow, stored, await askAgain(place, flow, stored, wanted), requestedAt)
    } catch (error) {
      return epoch === state.epoch ? failed(place, flow, { before, stored }, error) : changed
    }
    const isKept = await saveRenewed(place, flow, { before, stored, next, epoch })
    // A sign-out may have come since that was found, and takes effect at once.
    if (!isKept || epoch !== state.epoch) return changed
    if (wanted.reason === 'refused') noteRenewal(state.refusals, flow.resource.name, flow.runtime.now())
    const token = adopt(place, next, true)
    void tellRenewed(place, flow, token).catch(() => undefined)
    return token
  })
}

/** What the store holds; one that cannot be read does not stop a session that it did not take. */
async function held(place: Place, flow: Flow): Promise<Held | undefined> {
  const { unsaved } = place.state
  return readText(place, flow).then(
    (text) => ({ text }),
    (error) => {
      if (unsaved) return unsaved.before
      throw error
    },
  )
}

/** A stored session that needs no renewal; where one was wanted, somebody else has renewed it. */
function use(place: Place, { emit }: Flow, session: StoredSession, isRenewed: boolean): AccessToken {
  const token = adopt(place, session)
  if (isRenewed) {
    const { expiresAt, scopes: granted } = token
    const scopes = scopesForEvent(granted)
    emit?.({ type: 'session_renewed', account: place.account, by: 'another', expiresAt, scopes })
  }
  return token
}

/** Whether the server itself said that it is over: a gateway in front of it may answer 401, too. */
function isDefinitive(error: unknown): boolean {
  if (!PentauthError.isInstance(error)) return false
  return (
    error.code === 'sign_in_required' ||
    (error.code === 'client_refused' && error.parameters?.error === 'invalid_client')
  )
}

/** A failure that will pass starts a pause; a definitive refusal ends the session, if it is still the one that was refused. */
async function failed(place: Place, flow: Flow, { before, stored }: Renewed, error: unknown): Promise<Changed> {
  const { state } = place
  const now = flow.runtime.now()
  const code = PentauthError.isInstance(error) ? error.code : undefined
  // What one user of the session has wrong is no trouble of the others.
  if (code === 'invalid_option') throw error
  if (!code || !isDefinitive(error)) {
    const wait = noteFailure(state, error, now)
    if (code) tellFailed(flow, stored, code, wait)
    throw error
  }
  const { epoch } = state
  const { endRefused } = await part(import('./session-refusal.ts')).catch((trouble) => {
    noteFailure(state, trouble, now)
    throw trouble
  })
  await endRefused(place, flow, { before, stored }, error as PentauthError, epoch)
  return changed
}

/** What is said where there is no session, loaded when there is none. */
async function nobody(place: Place, flow: Flow, found: NoSession): Promise<Absent> {
  return (await part(import('./session-refusal.ts'))).withoutSession(place, flow, found)
}

async function tellRenewed({ account }: Place, { emit, runtime }: Flow, token: AccessToken): Promise<void> {
  if (!emit) return
  const { expiresAt, scopes } = token
  emit({ type: 'token_received', credential: await summarize(token, runtime.crypto), expiresAt })
  emit({ type: 'session_renewed', account, by: 'us', expiresAt, scopes: scopesForEvent(scopes) })
}
