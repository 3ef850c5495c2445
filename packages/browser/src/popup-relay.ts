/** How long (ms) the page that opened a popup may take to answer; one that is gone never does. */
const patience = 2000
/** How long (ms) a browser may take to close a window. */
const closing = 3000

/**
 * Where the answer to one sign-in goes from the popup to the page that opened it.
 *
 * A channel reaches pages of this origin alone, and also where a page of the service has cut the two windows apart (COOP). Its name is
 * the `state`, which nobody can guess. Who knows it all the same is a script of this origin, which hears what its tabs write or reads
 * the popup's address. It may take the code first, and what comes of it is a sign-in that fails: a code is worth nothing without the
 * verifier, which never travels. A script that can read that, too, needs no code: it can do whatever the page can.
 */
export const relayOf = (state: string): BroadcastChannel => new BroadcastChannel(`pentauth/${state}`)

/** Gives the answer that came back to a popup to the page that opened it, and closes the window; `false` where nobody takes it. */
export function handOver(url: URL, state: string | null): Promise<boolean> {
  if (!state) return Promise.resolve(false)
  const relay = relayOf(state)
  return new Promise((resolve) => {
    const end = (isTaken: boolean) => {
      clearTimeout(timer)
      relay.close()
      if (!isTaken) return resolve(false)
      close()
      // Nobody goes on in a window that closes: a page that finds nobody signed in might send it to the service again.
      setTimeout(resolve, closing, true)
    }
    const timer = setTimeout(end, patience, false)
    relay.onmessage = ({ data }) => data === 'taken' && end(true)
    relay.postMessage(url.href)
  })
}
