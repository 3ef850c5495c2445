import type { Absent } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { isWithin } from './pause.ts'
import { printable } from './printable.ts'
import { isNews, isOutdated, isOver, sessionIn } from './session-order.ts'
import { drop, keep, type Place, type SessionState } from './session-state.ts'
import { storeFailed } from './store-failure.ts'
import { type EndedSession, type Found, parseStored, type StoredSession } from './stored-session.ts'

/** What the text of a store means for who needs a token now. */
export type Verdict =
  | { readonly is: 'usable'; readonly session: StoredSession }
  /** There is a session, and its token has ended, is about to, or is the one that does not count. */
  | { readonly is: 'stale'; readonly session: StoredSession }
  | { readonly is: 'absent'; readonly absent: SignedOut }

/** Nobody is signed in: a chain goes on to its next source; `error` is for who has no other. */
export interface SignedOut extends Absent {
  readonly error: PentauthError
}

/** A token this close to its end (ms, and a tenth of its life) is renewed before it is sent: it could expire on the way. */
const tooClose = 1_000

/** How long before its end (ms) a token that can be renewed is not sent any more. */
function unusableFor(life: number): number {
  return Math.min(tooClose, life / 10)
}

/**
 * Judges what the store holds, or what it would not take.
 *
 * @param instead the value of a token that does not count
 * @throws PentauthError `sign_in_required` when the session has ended, `store_failed` when only an outdated one is left.
 */
export function judge(place: Place, flow: Flow, instead: string | undefined, text: string | undefined): Verdict {
  const { state, account } = place
  const { unsaved, seen } = state
  // One that was replaced while nobody could save it is of no use.
  const newest = state.newest && isOutdated(seen, state.newest) ? undefined : state.newest
  if (newest && unsaved && !isNews(seen, text, unsaved.before, newest)) return judgeSession(flow, instead, newest)
  // Somebody signed in or out where the store could be written: theirs counts.
  if (unsaved) keep(place, newest)
  const found = isLeaving(state, text) ? nothing : parseStored(text, account)
  if (found.is === 'session') {
    if (text === state.useless) throw signInRequired(place, flow, undefined)
    if (!isOutdated(seen, found.session)) {
      state.written = undefined
      return judgeSession(flow, instead, found.session)
    }
    if (newest) {
      // Saved again with the next use, as whatever the store does not hold.
      keep(place, newest, { before: { text } })
      return judgeSession(flow, instead, newest)
    }
    if (!isOver(seen, found.session)) throw storeFailed(flow.service, 'went back to an earlier state')
  }
  const mine = newest && isBehind(state, text, flow) ? judgeSession(flow, instead, newest) : undefined
  // Not to be renewed: it may be gone, and somebody else may have used its refresh token before that.
  if (mine?.is === 'usable') return mine
  drop(place)
  if (found.is === 'ended') throw signInRequired(place, flow, found.ended.ended)
  if (found.is !== 'unreadable') return { is: 'absent', absent: signedOut(place, flow, 'no saved sign-in') }
  if (state.useless !== text) {
    state.useless = text
    flow.emit?.({ type: 'session_unreadable', account, reason: found.why })
  }
  return { is: 'absent', absent: signedOut(place, flow, `the saved sign-in cannot be read: ${found.why}`) }
}

/** The session that counts by now, whatever its token is good for. */
export function sessionNow({ state, account }: Place, flow: Flow, text: string | undefined): StoredSession | undefined {
  const { newest, unsaved, seen } = state
  if (newest && unsaved && !isNews(seen, text, unsaved.before, newest)) return newest
  const stored = isLeaving(state, text) ? undefined : sessionIn(text, account)
  if (stored && !isOutdated(seen, stored)) return stored
  return stored || isBehind(state, text, flow) ? newest : undefined
}

const nothing: Found = { is: 'nothing' }

function isLeaving({ leaving }: SessionState, text: string | undefined): boolean {
  return text !== undefined && [...leaving].some((signOut) => signOut.takes(text))
}

/** How long (ms) a store may go on to say what it held before it took a session. */
const longestBehind = 60_000

/** Whether a store that took the session only says what it said before. */
function isBehind({ written }: SessionState, text: string | undefined, { runtime }: Flow): boolean {
  return written !== undefined && text === written.before && isWithin(written.at, longestBehind, runtime.now())
}

function judgeSession({ runtime }: Flow, instead: string | undefined, session: StoredSession): Verdict {
  const { accessToken, expiresAt, obtainedAt, refreshToken } = session
  const margin = refreshToken === undefined ? 0 : unusableFor((expiresAt ?? 0) - obtainedAt)
  const isUsable = accessToken !== instead && (expiresAt === undefined || expiresAt - runtime.now() > margin)
  return { is: isUsable ? 'usable' : 'stale', session }
}

const signIn = 'Sign in again: what is saved then is used from the next call on.'

/** Why a session has ended, by the code it ended with. */
const reasons: Readonly<Record<EndedSession['ended'], string>> = {
  sign_in_required: 'the authorization server refused to renew it',
  client_refused: 'the authorization server refused the client it belongs to',
}

/** The error for a session that is over for good. */
export function signInRequired(
  { account }: Place,
  { service }: Flow,
  code: string | undefined,
  cause?: unknown,
): PentauthError {
  // The code comes from a store, which may say anything.
  const known = code !== undefined && Object.hasOwn(reasons, code) ? reasons[code] : undefined
  const why = known ?? 'its access token cannot be renewed'
  const { connectedApps, docs } = service.links
  return new PentauthError({
    code: 'sign_in_required',
    message: `The ${service.name} sign-in of account "${printable(account, 100)}" has ended: ${why}.`,
    service: service.id,
    hint: signIn,
    link: connectedApps?.url ?? docs.url,
    ...(cause === undefined ? {} : { cause }),
  })
}

function signedOut({ account }: Place, { service }: Flow, what: string): SignedOut {
  const absent = `${what} of account "${printable(account, 100)}"`
  return {
    absent,
    next: 'sign in, and save the session in this store',
    error: new PentauthError({
      code: 'sign_in_required',
      message: `Nobody is signed in to ${service.name}: ${absent}.`,
      service: service.id,
      hint: signIn,
      link: service.links.docs.url,
    }),
  }
}
