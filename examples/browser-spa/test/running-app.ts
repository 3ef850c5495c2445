import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const main = join(import.meta.dirname, '..', 'src', 'main.mjs')

export interface RunningApp {
  readonly address: string
  /** By their own origins, where the sandbox plays the services. */
  readonly services: Readonly<Record<string, string>>
  /** Ends it as Ctrl-C does, and says its exit code. */
  readonly stop: () => Promise<number | null>
}

/** Starts the example as a person does, but for `--json`. */
export async function startApp(...options: string[]): Promise<RunningApp> {
  const child = spawn(process.execPath, [main, '--json', ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
  return {
    ...JSON.parse(String(value)),
    async stop() {
      child.kill('SIGINT')
      const [code] = await exit
      return code
    },
  }
}
