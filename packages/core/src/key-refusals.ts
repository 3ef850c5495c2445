import type { ApiKey } from './credential.ts'
import { firstPause, isWithin, left, pauseAfter } from './pause.ts'
import { nextSerial } from './serial.ts'

/** The longest pause (ms) before a refused key is tried, or a source is read, again. */
export const longestPause = 10_000

/** How long (ms) a key that was refused and then accepted passes for one that is refused for what a single call asks. */
export const provenFor = 60_000

interface Refusal {
  /** When the key was first refused, without having been accepted since (ms), and when last. */
  readonly since: number
  readonly at: number
  /** Refusals in a row, and how many of their requests were sent after the refusal before was known. */
  readonly times: number
  readonly rounds: number
  /** When the last one was known, in the order of things. */
  readonly serial: number
  /** When a caller was let through to find out whether it is still refused (ms). */
  readonly probedAt: number | undefined
  /** When it was accepted after a refusal (ms). */
  readonly provenAt: number | undefined
}

/** Keys that a service has refused, so that they are neither sent nor awaited by every caller. */
export interface KeyRefusals {
  /** Nothing was refused: that is the hot path. */
  isEmpty(): boolean
  /** Records the refusal of a request that was sent then. */
  note(key: ApiKey, sent: number, now: number): void
  /** The service took the key of a request that was sent then; `false` when the key was refused since. */
  accept(key: ApiKey, sent: number, now: number): boolean
  /** When the key was last refused, in the order of things; 0 where it was not, or was accepted since. */
  refusedAt(key: ApiKey): number
  /** Whether the key was refused once more after that was known, for at least so long (ms), and not accepted since. */
  isRepeated(key: ApiKey, ms: number, now: number): boolean
  /** Whether the key was refused again a moment ago, so that trying it would only cost a request. */
  isPaused(key: ApiKey, now: number): boolean
  /** Whether the key's successor may be on its way: refused for less than the grace (ms), and not just proven to work. */
  isAwaited(key: ApiKey, now: number, grace: number): boolean
  /** How long (ms) a caller waits because the key was refused more than once and its successor is awaited. */
  waitFor(key: ApiKey, now: number, grace: number): number | undefined
  /** Lets one caller through to find out whether the key is still refused; others wait meanwhile. */
  probe(key: ApiKey, now: number): void
  /** Forgets what concerns no key that is held. */
  retain(keys: readonly ApiKey[]): void
}

export function keyRefusals(): KeyRefusals {
  const refusals = new Map<string, Refusal>()
  const find = (key: ApiKey): Refusal | undefined => refusals.get(key.secret.reveal())
  const set = (key: ApiKey, refusal: Refusal) => refusals.set(key.secret.reveal(), refusal)

  const refusalsOf: KeyRefusals = {
    isEmpty: () => refusals.size === 0,
    note(key, sent, now) {
      const known = find(key)
      const goesOn = known && known.times > 0 && known.since <= now ? known : undefined
      set(key, {
        since: goesOn?.since ?? now,
        at: now,
        times: (goesOn?.times ?? 0) + 1,
        rounds: (goesOn?.rounds ?? 0) + (goesOn && sent < goesOn.serial ? 0 : 1),
        serial: nextSerial(),
        probedAt: undefined,
        provenAt: known?.provenAt,
      })
    },
    accept(key, sent, now) {
      const known = find(key)
      if (!known) return true
      if (sent < known.serial) return false
      if (known.times > 0) set(key, { ...known, times: 0, rounds: 0, probedAt: undefined, provenAt: now })
      else if (!isWithin(known.provenAt, provenFor, now)) refusals.delete(key.secret.reveal())
      return true
    },
    refusedAt(key) {
      const known = find(key)
      return known && known.times > 0 ? known.serial : 0
    },
    isRepeated(key, ms, now) {
      const known = find(key)
      return known !== undefined && known.rounds > 1 && !isWithin(known.since, ms, now)
    },
    isPaused(key, now) {
      const known = find(key)
      return (
        known !== undefined && known.rounds > 1 && isWithin(known.at, pauseAfter(known.rounds - 1, longestPause), now)
      )
    },
    isAwaited(key, now, grace) {
      const known = find(key)
      if (!known || known.times === 0 || !isWithin(known.since, grace, now)) return false
      // A key that has just worked is refused for what a call asks, unless it goes on.
      return known.rounds > 2 || !isWithin(known.provenAt, provenFor, now)
    },
    waitFor(key, now, grace) {
      const known = find(key)
      if (!known || known.times < 2 || !refusalsOf.isAwaited(key, now, grace)) return undefined
      const wait = pauseAfter(Math.max(1, known.rounds - 1), longestPause)
      return Math.max(left(known.at, wait, now), left(known.probedAt, firstPause, now)) || undefined
    },
    probe(key, now) {
      const known = find(key)
      if (known && known.times > 1) set(key, { ...known, probedAt: now })
    },
    retain(keys) {
      const held = new Set(keys.map(({ secret }) => secret.reveal()))
      for (const value of refusals.keys()) if (!held.has(value)) refusals.delete(value)
    },
  }
  return refusalsOf
}
