/** What a page does when it is shown, hidden, kept aside and brought back. */
export interface PageLife {
  /** It is seen, online or brought back: time may have passed, and others may have done something. */
  readonly wake: () => void
  /** It may be kept aside (bfcache), where nothing may stay open. */
  readonly rest: () => void
}

/** Follows the life of the page; returns how to stop. */
export function onPageLife({ wake, rest }: PageLife): () => void {
  // A page that is only hidden goes on: its calls, and what other tabs tell it, come all the same.
  const seen = () => document.visibilityState === 'visible' && wake()
  document.addEventListener('visibilitychange', seen)
  addEventListener('online', wake)
  addEventListener('pageshow', wake)
  addEventListener('pagehide', rest)
  return () => {
    document.removeEventListener('visibilitychange', seen)
    removeEventListener('online', wake)
    removeEventListener('pageshow', wake)
    removeEventListener('pagehide', rest)
  }
}
