import type { Flow } from './flow.ts'
import { type Held, isNews, isRenewalOf, see, seeOver, sessionIn } from './session-order.ts'
import { notSaved } from './session-saving.ts'
import { keep, type Place } from './session-state.ts'
import type { StoredSession } from './stored-session.ts'

// What becomes of the tokens of a renewal: those that come too late, too, were made out of a refresh token that is spent now.

/** A renewal, and what it was for. */
interface Renewed {
  /** What the store held then. */
  readonly before: Held | undefined
  readonly stored: StoredSession
  readonly next: StoredSession
  /** When it began. */
  readonly epoch: number
}

/**
 * Saves the new tokens before anybody uses them, and before the next one has the lock, who would send the spent refresh token. So also
 * where this process has moved on meanwhile: a sign-in replaces them when it has the lock, and a sign-out takes them with it.
 *
 * @returns whether they are what there is of the session
 */
export async function saveRenewed(place: Place, flow: Flow, renewed: Renewed): Promise<boolean> {
  const { state, store, key } = place
  const { before, stored, next, epoch } = renewed
  see(state.seen, next)
  // For who looks meanwhile, and finds what it replaces.
  if (isRenewalOf(next, state.newest)) state.newest = next
  const isSignedOut = () => epoch !== state.epoch && !state.newest
  let failure: { readonly error: unknown } | undefined
  let text: string | undefined
  try {
    text = await readAgain(place, flow, before)
    // Another process signed out, or in, without waiting for us.
    if (isNews(state.seen, text, before, stored)) {
      if (text === undefined) revokeLate(place, flow, next)
      return false
    }
    const isThere = epoch === state.epoch || isRenewalOf(sessionIn(text, next.account), next)
    if (isThere && !isSignedOut()) await store.set(key, JSON.stringify(next))
    if (isThere && isSignedOut()) await store.delete(key)
  } catch (error) {
    failure = { error }
  }
  if (epoch !== state.epoch) {
    tooLate(place, flow, next)
    return false
  }
  if (failure) notSaved(place, flow, next, before, failure.error)
  else {
    keep(place, next)
    state.written = { at: flow.runtime.now(), before: text }
  }
  return true
}

const looks = 3
/** Milliseconds between them. */
const pause = 100

/**
 * What the store holds by now. One that is behind may say once that there is nothing, where it held the session a moment ago; when it
 * goes on to say so, somebody signed out who had no lock, and their word counts more than the session.
 */
async function readAgain(
  { store, key }: Place,
  { runtime }: Flow,
  before: Held | undefined,
): Promise<string | undefined> {
  for (let look = 1; ; look++) {
    const text = (await store.get(key)) ?? undefined
    if (text !== undefined || before?.text === undefined || look === looks) return text
    await runtime.sleep(pause)
  }
}

/** Leaves the tokens to a sign-out that is going on; a sign-in needs them no more. */
function tooLate(place: Place, flow: Flow, next: StoredSession): void {
  const { state } = place
  for (const signOut of state.leaving) signOut.late = next
  if (state.leaving.size > 0) return
  if (!state.newest) revokeLate(place, flow, next)
  // The sign-out has failed meanwhile, and the session goes on.
  else if (isRenewalOf(next, state.newest)) keep(place, next, { before: undefined })
}

/** Tokens that came after the sign-out are nobody's. */
function revokeLate({ state, engine }: Place, flow: Flow, late: StoredSession): void {
  seeOver(state.seen, late)
  if (late.revocationEndpoint === undefined) return
  engine()
    .then(({ revokeTokens }) => revokeTokens(flow, late))
    .catch(() => undefined)
}
