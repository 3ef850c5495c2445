import type { Environment } from '@pentauth/node'

/** What a command has of the process that it runs in. */
export interface Host {
  readonly env: Environment
  /** The folder that relative paths count from. */
  readonly cwd: string
  readonly stdin: NodeJS.ReadStream
  /** For results alone: others read it. */
  readonly stdout: NodeJS.WriteStream
  /** For people: progress, questions, errors. */
  readonly stderr: NodeJS.WriteStream
}

/** The process itself; a reader of its output that goes away ends it without a word. */
export function thisProcess(): Host {
  const { stdin, stdout, stderr, env } = process
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
  }
  return { env, cwd: process.cwd(), stdin, stdout, stderr }
}

/** Does that whatever ends the process, but SIGKILL; returns what calls it off. It has no time to wait for anything. */
export function whenEnded(tidyUp: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const end = (signal: NodeJS.Signals) => {
    tidyUp()
    process.kill(process.pid, signal)
  }
  for (const name of signals) process.once(name, end)
  process.once('exit', tidyUp)
  return () => {
    for (const name of signals) process.off(name, end)
    process.off('exit', tidyUp)
  }
}
