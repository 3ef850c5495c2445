/** Milliseconds; longer than a renewal that a sign-out waits for. */
const longest = 60_000

/** The account that another tab is signing out, which may have to wait there for a renewal of this one. */
export interface Departure {
  readonly of: (account: string) => boolean
  readonly begin: (account: string) => void
  /** It is done, or somebody has signed in since. */
  readonly end: () => void
}

/** @param stay called when a sign-out is not done in time: that tab may not have been able to */
export function departure(stay: () => void): Departure {
  let leaving: string | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const end = () => {
    leaving = undefined
    clearTimeout(timer)
  }
  return {
    of: (account) => account === leaving,
    begin(account) {
      end()
      leaving = account
      timer = setTimeout(() => {
        end()
        stay()
      }, longest)
    },
    end,
  }
}
