import type { SessionView } from './snapshot.ts'

/** The longest a browser can wait is 2^31 - 1 ms; a clock that is set anew is noticed within the hour. */
const longestWait = 3_600_000

/** Part of the time left that is not waited for: less than the part in which core renews ahead. */
const ahead = 0.1

/**
 * Renews the token of a visible page before it ends, so that no call waits for that. With many tabs all look, and one renews.
 *
 * @returns looks again when to do so: after each change of the session, and when the page is seen again
 */
export function renewalTimer({ current }: SessionView, renew: () => Promise<unknown>): { set(): void; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = () => clearTimeout(timer)
  const set = () => {
    stop()
    const { status, expiresAt } = current()
    if (status !== 'signed_in' || expiresAt === undefined || document.visibilityState !== 'visible') return
    const wait = (expiresAt - Date.now()) * (1 - ahead)
    timer = setTimeout(
      // What fails is told by an event, and met again by the next call; until something changes nobody tries again here.
      wait > longestWait ? set : () => void renew().catch(() => undefined),
      Math.min(wait, longestWait),
    )
  }
  return { set, stop }
}
