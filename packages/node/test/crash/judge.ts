import { count, type Figures } from './figures.ts'
import type { Fault, Kind, Mark, What } from './steps.ts'
import type { Rotation, World } from './world.ts'

// What a process may find, and what may come of a step: everything else is a breach.

type Breach = (what: string) => void

const isTrouble = (event: string) => /exception|rejection/i.test(event)
const isGood = (outcome: string | undefined) => outcome === 'done' || outcome === '200'

/** A step that nothing kept from its end. */
export function judgeDone({ what, outcome, told = [], missed }: Mark, breach: Breach): void {
  const how = missed ? `${what}, not killed` : what
  if (!isGood(outcome)) breach(`${how}: ${outcome}`)
  if (what === 'renew' && isGood(outcome) && !told.includes('session_renewed')) breach(`${how}: nothing was renewed`)
  for (const event of told)
    if (/^session_(not_saved|unreadable|ended)$/.test(event) || isTrouble(event)) breach(`${how}: ${event}`)
}

/** What a process found when it started. */
export interface Start {
  /** A refresh token, `nothing` or `unreadable`. */
  readonly held: string
  /** Two calls, one after the other. */
  readonly calls: readonly string[]
  readonly told: readonly string[]
}
interface Known {
  readonly rotation: Rotation
  /** The state that was known to be handed out when the process before it ended. */
  readonly proven: number
  /** What that was killed in. */
  readonly open: { readonly what: What; readonly from: number } | undefined
  readonly beside: readonly string[]
}

/** Judges what is left of the process before; returns what that was killed in. */
export function judgeStart(
  { states, tokenRequests }: World,
  figures: Figures,
  { rotation, proven, open, beside }: Known,
  { held, calls, told }: Start,
  breach: Breach,
): string | undefined {
  const isUnreadable = held === 'unreadable' || told.some((event) => /unreadable|set_aside/.test(event))
  const isSignedIn = held !== 'nothing' && !isUnreadable
  // A call whose token is refused, and cannot be renewed, has its answer; the next one says what is wanted.
  const isSpent = isSignedIn && calls[1] === 'sign_in_required' && ['401', calls[1]].includes(calls[0] ?? '')
  const expected = isSignedIn && !isSpent ? '200' : 'sign_in_required'
  const at = states.lastIndexOf(held)
  if (isUnreadable) {
    figures.unreadable += 1
    breach('what is stored cannot be read')
  } else if (at < proven) {
    figures.lost += 1
    breach(isSignedIn ? 'an older session is stored than the one that was handed out' : 'the session is gone')
  } else if (isSpent) {
    // Its successor was never saved: a strict server says so once, and nobody asks it again.
    if (rotation === 'strict' && tokenRequests === 1) figures.signInsNeeded += 1
    else breach(`a new sign-in is needed, after ${tokenRequests} token requests`)
  } else if (calls.some((call) => call !== expected)) breach(`calls came to ${calls.join(', ')}`)
  if (!isSignedIn && tokenRequests > 0) breach('a session that is not stored was renewed')
  for (const event of told) if (isTrouble(event)) breach(event)
  figures.leftOver += beside.length
  if (beside.length > 0) breach(`left over: ${beside.slice(0, 3).join(', ')}`)
  // Whatever it was, from here on it counts as known.
  if (isSpent || isUnreadable) states.push('nothing')
  if (!open) return undefined
  const { what, from } = open
  if (what === 'remove') return `remove: ${held === 'nothing' ? 'removed' : 'not removed yet'}`
  const brought = states.findIndex((state, index) => index >= from && state !== 'nothing')
  if (brought === -1) return `${what}: before the answer`
  return `${what}: ${at >= brought ? 'saved' : 'the answer is on its way or in memory'}`
}

/** What came of a step with a file call that failed. */
export interface Found extends Fault {
  /** The call that failed. */
  readonly hit?: string
  readonly outcome: string
  /** A call while nothing could be written. */
  readonly meanwhile?: string
  /** What was stored then. */
  readonly after: 'first' | 'new' | 'nothing' | 'unreadable'
  /** The step again, when it was over. */
  readonly later?: string
  /** A call when it was over. */
  readonly use: string
  /** What the server thinks of what is stored at the end. */
  readonly judged: string
  readonly told: readonly string[]
}

export function judgeFault(figures: Figures, kind: Kind, found: Found): void {
  const { what, before, code, lasting, at, trace, hit, outcome, meanwhile, after, later, use, judged, told } = found
  const name = `${kind}, ${what} when ${before}, ${code} at call ${trace?.nth ?? at} (${hit})${lasting ? ' and all later ones' : ''}`
  const breach = (flaw: string) => void figures.breaches.push(`${name}: ${flaw}`)
  // There are no more calls.
  if (hit === undefined) return
  figures.runs += 1
  count(figures, `${what}: ${code}: ${outcome}${told.includes('session_not_saved') ? ', goes on in memory' : ''}`)
  const hadSession = before === 'signed in' && what !== 'remove'
  if (!isGood(outcome) && outcome !== 'store_failed') breach(outcome)
  if (after === 'unreadable') figures.unreadable += 1
  if (after === 'nothing' && hadSession) figures.lost += 1
  if (after === 'unreadable' || (after === 'nothing' && hadSession)) breach(`what is stored is ${after}`)
  if (isGood(outcome) && after === 'first' && !told.includes('session_not_saved'))
    breach('not done, and nobody was told')
  if (meanwhile !== undefined && meanwhile !== '200') breach(`a call meanwhile: ${meanwhile}`)
  if (later !== undefined && !isGood(later)) breach(`when it was over: ${later}`)
  if (use !== (what === 'remove' ? 'sign_in_required' : '200')) breach(`a call when it was over: ${use}`)
  if (judged !== (what === 'remove' ? 'nothing' : 'current')) breach(`stored at the end: ${judged}`)
  for (const event of told) if (isTrouble(event)) breach(event)
}
