import { shownAddress } from './address.ts'
import { type AccessToken, summarize } from './credential.ts'
import type { Absent } from './credential-source.ts'
import { PentauthError, type PentauthErrorCode } from './errors.ts'
import { scopesForEvent } from './events.ts'
import type { Flow } from './flow.ts'
import { nextSerial } from './serial.ts'
import { locked, notSaved, readText } from './session-saving.ts'
import { adopt, isPaused, keepUnsaved, noteFailure, noteRenewal, type Place } from './session-state.ts'
import { judge, signInRequired } from './session-verdict.ts'
import { endedText, renewedSession, type StoredSession } from './stored-session.ts'
import type { Tokens } from './token-request.ts'

// The one renewal of a session for all who share its store.

/** What brings a token: the first use, the end of the one there is, or a service that refused it. */
export type Reason = 'first' | 'expiring' | 'refused'

/** What is asked for. */
export interface Wanted {
  readonly reason: Reason
  /** The value of the token that ends or was refused: any other one will do. */
  readonly instead: string | undefined
}

/** The session is another one than it was, or needs a renewal: look again. */
export const changed: unique symbol = Symbol('changed')
export type Changed = typeof changed

/** What the store has, without any request. */
export async function load(place: Place, flow: Flow, wanted: Wanted): Promise<AccessToken | Absent | Changed> {
  const { epoch } = place.state
  const text = await held(place, flow)
  if (epoch !== place.state.epoch) return changed
  const found = judge(place, flow, wanted.instead, text)
  return found.is === 'stale' ? changed : found.is === 'usable' ? use(place, flow, wanted, found.session) : found.absent
}

/** The session is renewed, unless somebody else did so by the time it is our turn. */
export function renewal(place: Place, flow: Flow, wanted: Wanted): Promise<AccessToken | Absent | Changed> {
  const { state } = place
  return locked(place, flow, async () => {
    const { epoch } = state
    const text = await held(place, flow)
    if (epoch !== state.epoch) return changed
    const found = judge(place, flow, wanted.instead, text)
    if (found.is === 'usable') return use(place, flow, wanted, found.session)
    if (found.is === 'absent') return found.absent
    const stored = found.session
    if (stored.refreshToken === undefined) throw cannotRenew(place, flow, wanted, text)
    const requestedAt = flow.runtime.now()
    if (isPaused(state, requestedAt)) throw state.failure?.error
    let next: StoredSession
    try {
      next = renewedSession(flow, stored, await ask(place, flow, stored, wanted.reason), requestedAt)
    } catch (error) {
      return epoch === state.epoch ? failed(place, flow, { text, stored }, error) : changed
    }
    if (!(await isKept(place, flow, text, next, epoch))) return changed
    if (wanted.reason === 'refused') noteRenewal(state, flow.resource.name, flow.runtime.now())
    const token = adopt(place, next)
    // Also when it is the same token again: what was sent before says nothing about it any more.
    state.serial = nextSerial()
    void tellRenewed(place, flow, token).catch(() => undefined)
    return token
  })
}

/** What the store holds; one that cannot be read does not stop a session that it did not take. */
async function held(place: Place, flow: Flow): Promise<string | undefined> {
  const { unsaved } = place.state
  if (!unsaved) return readText(place, flow)
  return readText(place, flow).catch(() => unsaved.base)
}

/** A stored session that needs no renewal; after a refusal or near the end it is one that somebody else renewed. */
function use(place: Place, { emit }: Flow, { reason }: Wanted, session: StoredSession): AccessToken {
  const { expiresAt, scopes } = adopt(place, session)
  if (reason !== 'first')
    emit?.({
      type: 'session_renewed',
      account: place.account,
      by: 'another',
      expiresAt,
      scopes: scopesForEvent(scopes),
    })
  return place.state.token as AccessToken
}

/** A busy server (ms) is given a moment, where that is all it asks for, and callers wait. */
const moment = 500
const longestMoment = 1_000

/** Asks for tokens, and once more after a lost answer or a moment of trouble; in an outage that is known one request a pause is enough. */
async function ask(place: Place, flow: Flow, stored: StoredSession, reason: Reason): Promise<Tokens> {
  const { state, name: source } = place
  const { emit, runtime } = flow
  const { tokenEndpoint } = stored
  const once = async () => {
    emit?.({ type: 'token_requested', tokenEndpoint: shownAddress(new URL(tokenEndpoint)), source, reason })
    const { refreshTokens } = await place.engine()
    return refreshTokens(flow, stored)
  }
  try {
    return await once()
  } catch (error) {
    const wait = retryIn(error)
    if (wait === undefined || state.failure || (wait > 0 && !state.awaited)) throw error
    tellFailed(flow, stored, (error as PentauthError).code, wait)
    if (wait > 0) await runtime.sleep(wait)
    return await once()
  }
}

/** When to try again (ms), where that may help at once: an answer without a status is one that was lost. */
function retryIn(error: unknown): number | undefined {
  if (!PentauthError.isInstance(error) || !error.retryable) return undefined
  if (error.status === undefined) return 0
  const wait = Math.max(moment, (error.retryAfter || 0) * 1000)
  return wait <= longestMoment ? wait : undefined
}

/** Whether the server itself said that it is over: a gateway in front of it may answer 401, too. */
function isDefinitive(error: unknown): boolean {
  if (!PentauthError.isInstance(error)) return false
  return (
    error.code === 'sign_in_required' ||
    (error.code === 'client_refused' && error.parameters?.error === 'invalid_client')
  )
}

/** A client that registered itself and is not known any more registers anew with the next sign-in. */
async function forgetClient(
  { store, engine }: Place,
  flow: Flow,
  { issuer, client, redirectUri }: StoredSession,
): Promise<void> {
  if (redirectUri === undefined) return
  const { forgetClient: forget } = await engine()
  await forget?.(flow, { issuer, redirectUri, store, clientId: client.clientId }).catch(() => undefined)
}

/** A failure that will pass starts a pause; a definitive refusal ends the session, if it is still the one that was refused. */
async function failed(
  place: Place,
  flow: Flow,
  { text, stored }: { readonly text: string | undefined; readonly stored: StoredSession },
  error: unknown,
): Promise<Changed> {
  const { state, store, key, account } = place
  const now = flow.runtime.now()
  const code = PentauthError.isInstance(error) ? error.code : undefined
  if (!code || !isDefinitive(error)) {
    const wait = noteFailure(state, error, now)
    if (code) tellFailed(flow, stored, code, wait)
    throw error
  }
  const { epoch } = state
  // Whoever renewed it meanwhile, or signed in anew, has what was not refused.
  const current = await readText(place, flow).catch(() => text)
  if (epoch !== state.epoch || current !== text) return changed
  keepUnsaved(place, undefined)
  Object.assign(state, { token: undefined, failure: undefined, endedText: text })
  if (code === 'client_refused') await forgetClient(place, flow, stored)
  // Where it cannot be marked, the next process asks once more and is told the same.
  await store.set(key, endedText(account, code, now)).catch(() => undefined)
  flow.emit?.({ type: 'session_ended', account, code })
  throw signInRequired(place, flow, code, error)
}

function tellFailed({ emit }: Flow, { tokenEndpoint }: StoredSession, code: PentauthErrorCode, wait: number): void {
  emit?.({
    type: 'token_request_failed',
    tokenEndpoint: shownAddress(new URL(tokenEndpoint)),
    code,
    retryAfter: wait / 1000,
  })
}

function cannotRenew(place: Place, flow: Flow, { reason }: Wanted, text: string | undefined): PentauthError {
  const { state, account } = place
  if (reason !== 'refused' && state.told !== text) {
    state.told = text
    flow.emit?.({ type: 'session_ended', account, code: 'sign_in_required' })
  }
  return signInRequired(place, flow, undefined)
}

/** Saves the new tokens before anybody uses them; `false` when they are for a session that is not there any more. */
async function isKept(
  place: Place,
  flow: Flow,
  text: string | undefined,
  next: StoredSession,
  epoch: number,
): Promise<boolean> {
  const { state, store, key } = place
  const isCurrent = () => epoch === state.epoch
  let failure: { readonly error: unknown } | undefined
  try {
    const held = isCurrent() ? ((await store.get(key)) ?? undefined) : undefined
    // Another process signed out, or in, without waiting for us.
    if (isCurrent() && held !== text) {
      if (held === undefined) revokeLate(place, flow, next)
      return false
    }
    if (isCurrent()) await store.set(key, JSON.stringify(next))
  } catch (error) {
    failure = { error }
  }
  if (!isCurrent()) {
    if (state.signOuts > 0) state.late = next
    return false
  }
  if (failure) notSaved(place, flow, { session: next, base: text }, failure.error)
  else keepUnsaved(place, undefined)
  return true
}

/** Tokens that came after the sign-out are nobody's. */
function revokeLate({ engine }: Place, flow: Flow, late: StoredSession): void {
  if (late.revocationEndpoint === undefined) return
  engine()
    .then(({ revokeTokens }) => revokeTokens(flow, late))
    .catch(() => undefined)
}

async function tellRenewed({ account }: Place, { emit, runtime }: Flow, token: AccessToken): Promise<void> {
  if (!emit) return
  const { expiresAt, scopes } = token
  emit({ type: 'token_received', credential: await summarize(token, runtime.crypto), expiresAt })
  emit({ type: 'session_renewed', account, by: 'us', expiresAt, scopes: scopesForEvent(scopes) })
}
