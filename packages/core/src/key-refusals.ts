import type { ApiKey } from './credential.ts'

/** Pause (ms) before a refused key's source is read, or another refused key is tried, again; doubled each time up to the longest. */
const pause = 1_000
const longestPause = 10_000

interface Refusal {
  /** When the key was first refused, without having been accepted since (ms). */
  readonly since: number
  readonly times: number
  /** Until when nobody looks for another key because of it (ms). */
  readonly until: number
  /** Until when one caller is finding out whether it is still refused (ms). */
  probing: number
}

/** Keys that a service has refused, so that they are neither sent nor looked up again by every caller. */
export interface KeyRefusals {
  /** Nothing was refused: that is the hot path. */
  isEmpty(): boolean
  /** Records a refusal; `false` while the last one is so recent that looking for another key again is no use. */
  note(key: ApiKey, now: number): boolean
  /** Whether the key was refused, and not accepted since. */
  has(key: ApiKey): boolean
  /** Whether the key was refused a moment ago. */
  isPaused(key: ApiKey, now: number): boolean
  /**
   * How long (ms) a caller waits because the key was refused and its successor is awaited; `undefined` when it may be sent.
   *
   * One caller at a time may send it, to find out.
   */
  waitFor(key: ApiKey, now: number, grace: number): number | undefined
  /** The service took the key after all. */
  forget(key: ApiKey): void
}

export function keyRefusals(): KeyRefusals {
  const refusals = new Map<string, Refusal>()
  const find = (key: ApiKey, now: number): Refusal | undefined => {
    const refusal = refusals.get(key.secret.reveal())
    // A clock that was set back must not stretch a pause.
    return refusal && refusal.since <= now ? refusal : undefined
  }
  return {
    isEmpty: () => refusals.size === 0,
    note(key, now) {
      const known = find(key, now)
      if (known && now < known.until) return false
      const times = (known?.times ?? 0) + 1
      refusals.set(key.secret.reveal(), {
        since: known?.since ?? now,
        times,
        until: now + pauseAfter(times),
        probing: 0,
      })
      return true
    },
    has: (key) => refusals.has(key.secret.reveal()),
    isPaused: (key, now) => now < (find(key, now)?.until ?? 0),
    waitFor(key, now, grace) {
      const refusal = find(key, now)
      if (!refusal || now >= refusal.since + grace) return undefined
      const until = Math.max(refusal.until, refusal.probing)
      if (now < until) return until - now
      refusal.probing = now + pauseAfter(refusal.times)
      return undefined
    },
    forget: (key) => void refusals.delete(key.secret.reveal()),
  }
}

function pauseAfter(times: number): number {
  return Math.min(pause * 2 ** (times - 1), longestPause)
}
