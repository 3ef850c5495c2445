import type { ApiKey } from './credential.ts'

/** Pause (ms) before a source is read, or a refused key is tried, again; doubled each time up to the longest. */
const pause = 1_000
const longestPause = 10_000

/** How long (ms) a key that was refused and then accepted passes for one that is refused for what a single call asks. */
const provenFor = 60_000

interface Refusal {
  /** When the key was first refused, without having been accepted since (ms). */
  since: number
  /** Refusals in a row. */
  times: number
  /** Until when the key is not tried as another one's replacement (ms). */
  until: number
  /** Until when one caller is finding out whether it is still refused (ms). */
  probing: number
  /** When it was accepted after a refusal (ms). */
  provenAt: number
}

/** Keys that a service has refused, so that they are neither sent nor looked up again by every caller. */
export interface KeyRefusals {
  /** Nothing was refused: that is the hot path. */
  isEmpty(): boolean
  /** Records a refusal; `false` while the last look for another key is so recent that another is no use. */
  note(key: ApiKey, now: number): boolean
  /** The service took the key after all. */
  accept(key: ApiKey, now: number): void
  /** Whether the key was refused a moment ago. */
  isPaused(key: ApiKey, now: number): boolean
  /** Whether the key was refused, and not accepted since. */
  has(key: ApiKey): boolean
  /** Whether the key is one whose successor may be on its way: refused for less than the grace (ms), and not just proven to work. */
  isAwaited(key: ApiKey, now: number, grace: number): boolean
  /**
   * How long (ms) a caller waits because the key was refused more than once and its successor is awaited; `undefined` when it may be
   * sent. One caller at a time may send it, to find out.
   */
  waitFor(key: ApiKey, now: number, grace: number, sends: boolean): number | undefined
  /** Forgets what concerns no key that is held. */
  retain(keys: readonly ApiKey[]): void
}

export function keyRefusals(): KeyRefusals {
  const refusals = new Map<string, Refusal>()
  let looks = 0
  let lookedAt = 0

  const find = (key: ApiKey, now: number): Refusal | undefined => {
    const refusal = refusals.get(key.secret.reveal())
    // A clock that was set back must not stretch a pause.
    return refusal && refusal.since <= now ? refusal : undefined
  }
  const isAwaited = ({ times, since, provenAt }: Refusal, now: number, grace: number): boolean =>
    times > 0 && now < since + grace && !(provenAt > 0 && now < provenAt + provenFor)

  return {
    isEmpty: () => refusals.size === 0,
    note(key, now) {
      const known = find(key, now)
      const isWorthALook = now < lookedAt || now >= lookedAt + pauseAfter(looks)
      if (isWorthALook) {
        looks++
        lookedAt = now
      }
      refusals.set(key.secret.reveal(), {
        since: known && known.times > 0 ? known.since : now,
        times: (known?.times ?? 0) + 1,
        until: known && !isWorthALook ? known.until : now + pauseAfter(looks),
        probing: 0,
        provenAt: known?.provenAt ?? 0,
      })
      return isWorthALook
    },
    accept(key, now) {
      const refusal = refusals.get(key.secret.reveal())
      if (!refusal) return
      // The next look may come soon again, but not at once: one operation that is refused must not have the source read each time.
      looks = Math.min(looks, 1)
      if (refusal.times > 0) Object.assign(refusal, { times: 0, until: 0, probing: 0, provenAt: now })
      else if (now >= refusal.provenAt + provenFor) refusals.delete(key.secret.reveal())
    },
    isPaused: (key, now) => now < (find(key, now)?.until ?? 0),
    has: (key) => (refusals.get(key.secret.reveal())?.times ?? 0) > 0,
    isAwaited(key, now, grace) {
      const refusal = find(key, now)
      return refusal !== undefined && isAwaited(refusal, now, grace)
    },
    waitFor(key, now, grace, sends) {
      const refusal = find(key, now)
      if (!refusal || refusal.times < 2 || !isAwaited(refusal, now, grace)) return undefined
      const until = Math.max(refusal.until, refusal.probing)
      if (now < until) return until - now
      if (sends) refusal.probing = now + pause
      return undefined
    },
    retain(keys) {
      const held = new Set(keys.map(({ secret }) => secret.reveal()))
      for (const value of refusals.keys()) if (!held.has(value)) refusals.delete(value)
    },
  }
}

function pauseAfter(looks: number): number {
  return looks === 0 ? 0 : Math.min(pause * 2 ** (looks - 1), longestPause)
}
