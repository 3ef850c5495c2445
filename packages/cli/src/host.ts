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
