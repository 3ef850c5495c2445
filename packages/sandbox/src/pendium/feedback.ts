const hour = 60 * 60 * 1000
const perHour = 10

/** Feedback on the tools: found, at most ten notes an hour and user. */
export interface Feedback {
  /** Takes one note; false when the hour is used up. */
  take(account: string): boolean
}

/** Makes the feedback box of one sandbox. */
export function createFeedback(now: () => number): Feedback {
  const given = new Map<string, number[]>()
  return {
    take(account) {
      const recent = (given.get(account) ?? []).filter((at) => now() - at < hour)
      if (recent.length >= perHour) return false
      given.set(account, [...recent, now()])
      return true
    },
  }
}
