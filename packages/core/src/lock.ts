/** Runs one task at a time for each name: `run` starts when those before it have settled. */
export type Lock = <T>(name: string, run: () => Promise<T>) => Promise<T>

/**
 * A lock among the callers of this process; first come, first served.
 *
 * @example
 * ```ts
 * const withLock = memoryLock()
 * console.log(await withLock('a', async () => 'alone')) // alone
 * ```
 */
export function memoryLock(): Lock {
  const last = new Map<string, Promise<unknown>>()
  return async (name, run) => {
    const before = last.get(name)
    const mine = Promise.resolve(before).then(run, run)
    // Kept as settled: who waits must not fail because of who came before.
    const settled = mine.catch(() => undefined)
    last.set(name, settled)
    try {
      return await mine
    } finally {
      if (last.get(name) === settled) last.delete(name)
    }
  }
}
