/** The sandbox's clock: it runs with the real one until it is moved. All values are milliseconds since 1970. */
export interface Clock {
  now(): number
  /** Moves the clock forward by `ms` milliseconds. */
  advance(ms: number): void
  /** Sets the clock to `ms`; it runs on from there. */
  set(ms: number): void
}

/** Makes a clock over `source`, which is read at each call and never at import. */
export function createClock(source: () => number = Date.now): Clock {
  let offset = 0
  return {
    now: () => source() + offset,
    advance: (ms) => {
      offset += ms
    },
    set: (ms) => {
      offset = ms - source()
    },
  }
}
