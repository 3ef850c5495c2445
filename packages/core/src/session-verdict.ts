import type { Flow } from './flow.ts'
import { isWithin } from './pause.ts'
import { isNews, isOutdated, isOver, sessionIn } from './session-order.ts'
import { drop, keep, type Place, type SessionState } from './session-state.ts'
import { storeFailed } from './store-failure.ts'
import { type Found, parseStored, type StoredSession } from './stored-session.ts'

/** There is no session, or one that is over: by the code of the refusal, where a store has it. */
export type NoSession =
  | { readonly is: 'absent'; readonly what: string }
  | { readonly is: 'over'; readonly code: string | undefined }

/** What the text of a store means for who needs a token now. */
export type Verdict =
  | { readonly is: 'usable'; readonly session: StoredSession }
  /** There is a session, and its token has ended, is about to, or is the one that does not count. */
  | { readonly is: 'stale'; readonly session: StoredSession }
  | NoSession

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
 * @throws PentauthError `store_failed` when only an outdated one is left.
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
    if (text === state.useless) return { is: 'over', code: undefined }
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
  if (found.is === 'ended') return { is: 'over', code: found.ended.ended }
  if (found.is !== 'unreadable') return { is: 'absent', what: 'no saved sign-in' }
  if (state.useless !== text) {
    state.useless = text
    flow.emit?.({ type: 'session_unreadable', account, reason: found.why })
  }
  return { is: 'absent', what: `the saved sign-in cannot be read: ${found.why}` }
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
