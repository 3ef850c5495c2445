import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export const main = join(import.meta.dirname, '..', 'src', 'main.mjs')

export interface RunningApp {
  readonly address: string
  /** What it printed when it was ready. */
  readonly said: string
  /** Ends it as Ctrl-C does, and says its exit code. */
  readonly stop: () => Promise<number | null>
}

/** Starts the example as a person does. */
export async function startApp(...options: string[]): Promise<RunningApp> {
  const child = spawn(process.execPath, [main, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  const [said] = await once(child.stdout.setEncoding('utf8'), 'data')
  return {
    address: /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0] ?? '',
    said,
    async stop() {
      child.kill('SIGINT')
      // Once more, as npm does.
      child.kill('SIGINT')
      const [code] = await exit
      return code
    },
  }
}
