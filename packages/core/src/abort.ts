import { isThenable } from './thenable.ts'

/**
 * Waits for something shared no longer than one caller wants to; the others go on waiting for it.
 *
 * Rejects with the signal's reason, as `fetch` does.
 */
export function unlessAborted<T>(shared: T | Promise<T>, signal: AbortSignal | null | undefined): T | Promise<T> {
  if (!signal || !isThenable(shared)) return shared
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    Promise.resolve(shared)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })
}
