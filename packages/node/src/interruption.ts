// Not SIGHUP: a program that was started to outlive its terminal ignores it, which a listener would undo.
const signals = ['SIGINT', 'SIGTERM'] as const

/**
 * Does something that Ctrl-C ends in good order: it is aborted and tidies up; after that the signal has the effect it always has, unless
 * the program listens to it itself.
 *
 * @param reason what the work is aborted with
 */
export async function interruptible<T>(
  reason: (signal: NodeJS.Signals) => unknown,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController()
  let caught: NodeJS.Signals | undefined
  const listen = (signal: NodeJS.Signals) => {
    // Who asks twice does not want to wait.
    if (caught) return end(signal)
    caught = signal
    stop.abort(reason(signal))
  }
  const removeAll = () => {
    for (const signal of signals) process.removeListener(signal, listen)
  }
  const end = (signal: NodeJS.Signals) => {
    removeAll()
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }
  for (const signal of signals) process.on(signal, listen)
  try {
    return await work(stop.signal)
  } finally {
    removeAll()
    if (caught) end(caught)
  }
}
