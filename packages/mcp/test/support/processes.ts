import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** Another process that calls a server, see `caller.ts`. */
export interface Caller {
  /** Resolves when it is connected. */
  readonly connected: Promise<string>
  /** Has it call ten times at once; what became of each. */
  call(): Promise<readonly string[]>
}

export function caller(...args: readonly string[]): Caller {
  const child = spawn(process.execPath, [fileURLToPath(new URL('caller.ts', import.meta.url)), ...args])
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  onTestFinished(async () => {
    child.kill()
    await exited
  })
  const next = linesOf(child)
  return {
    connected: next(),
    async call() {
      child.stdin.write('go\n')
      return JSON.parse(await next())
    },
  }
}

function linesOf(child: ChildProcessWithoutNullStreams): () => Promise<string> {
  let errors = ''
  child.stderr.on('data', (data) => {
    errors += data
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async () => {
    const { value, done } = await lines.next()
    if (done) throw new TypeError(`the process has ended: ${errors.slice(-500)}`)
    return value
  }
}
