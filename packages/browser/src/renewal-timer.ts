import type { SessionView } from './snapshot.ts'

/** The longest a browser can wait is 2^31 - 1 ms; a clock that is set anew is noticed within the hour. */
const longestWait = 3_600_000

/** How long (ms) before its end, and what part of the time left at most: always within the last part of it, in which core renews ahead. */
const longestAhead = 30_000
const part = 0.1

/**
 * Renews the token of a visible page before it ends, so that no call waits for that. With many tabs all look, and one renews.
 *
 * @returns looks again when to do so: after each change of the session, and when the page is seen again
 */
export function renewalTimer(
  { current }: Pick<SessionView, 'current'>,
  renew: () => Promise<unknown>,
  now: () => number = Date.now,
): { set(): void; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = () => clearTimeout(timer)
  const set = () => {
    stop()
    const { status, expiresAt } = current()
    if (status !== 'signed_in' || expiresAt === undefined) return
    const left = expiresAt - now()
    const wait = left - Math.min(longestAhead, left * part)
    timer = setTimeout(
      () => {
        if (wait > longestWait) return set()
        // What fails is told by an event, and met again by the next call; until something changes nobody tries again here.
        if (document.visibilityState === 'visible') renew().catch(() => undefined)
      },
      Math.min(wait, longestWait),
    )
  }
  return { set, stop }
}
