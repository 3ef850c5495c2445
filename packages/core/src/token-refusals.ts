import { isWithin, pauseAfter } from './pause.ts'

/** Renewals that refusals brought about, the last one of each resource. */
export type TokenRefusals = Map<string, RefusedRenewal>

interface RefusedRenewal {
  /** How many there were one soon after the other. */
  readonly count: number
  /** When the last one was (ms). */
  readonly at: number
  /** Whether the new token was taken; not once it was refused, however many other endpoints take it. */
  helped: boolean | undefined
}

const longestPause = 30_000
/** Tokens that were taken, and refused a moment later, may be renewed at once so many times in a row. */
const mostAtOnce = 5

/** Notes a renewal that a refusal of this resource brought about. */
export function noteRenewal(refusals: TokenRefusals, resource: string, now: number): void {
  const known = refusals.get(resource)
  const goesOn = known && (!known.helped || isWithin(known.at, longestPause, now))
  refusals.set(resource, { count: goesOn ? known.count + 1 : 1, at: now, helped: undefined })
}

/** Notes that a resource took the new token. */
export function noteTaken(refusals: TokenRefusals, resource: string): void {
  const known = refusals.get(resource)
  if (known) known.helped ??= true
}

/** Notes that a call was refused again with the new token: the token is not to blame. */
export function noteRefusedAgain(refusals: TokenRefusals, resource: string): void {
  const known = refusals.get(resource)
  if (known) known.helped = false
}

/**
 * Whether a resource refused tokens that were made because of its refusals, so that one more is not worth its while: all of them, those of
 * one endpoint, or one after the other. What is revoked meanwhile waits for the end of the pause, since nobody can tell it from that.
 */
export function isInVain(refusals: TokenRefusals, resource: string, now: number): boolean {
  const known = refusals.get(resource)
  if (!known || (known.helped && known.count <= mostAtOnce)) return false
  return isWithin(known.at, pauseAfter(known.count, longestPause), now)
}
