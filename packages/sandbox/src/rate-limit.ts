/** Counts the calls of each caller in windows of one minute. */
export interface RateLimit {
  /** Counts one call; false when the caller has used up its minute. */
  take(caller: string): boolean
}

/** Makes a limit of `perMinute` calls on the sandbox's clock; undefined is no limit. */
export function createRateLimit(perMinute: number | undefined, now: () => number): RateLimit {
  const windows = new Map<string, { start: number; calls: number }>()
  return {
    take(caller) {
      if (perMinute === undefined) return true
      const open = windows.get(caller)
      const current = open !== undefined && now() - open.start < 60_000 ? open : { start: now(), calls: 0 }
      current.calls += 1
      windows.set(caller, current)
      return current.calls <= perMinute
    },
  }
}
