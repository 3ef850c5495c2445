const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Resolves when somebody stops the process, or when the given input ends; a second signal then works as it always does. */
export function untilStopped(input: NodeJS.ReadStream | undefined): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      for (const signal of signals) process.off(signal, stop)
      input?.destroy()
      resolve()
    }
    for (const signal of signals) process.once(signal, stop)
    input?.resume().once('end', stop).once('close', stop)
  })
}
