import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

// Processes that share a folder of a store; they run the built package.

const program = join(import.meta.dirname, 'store-process.mjs')

type Answer = { readonly id: number; readonly result?: unknown; readonly error?: { code: string; message: string } }

export interface StoreProcess {
  /** Of the process itself, as this process sees it. */
  readonly pid: number
  do(what: string, ...args: unknown[]): Promise<unknown>
  /** Sends a signal to the process itself; for one that ends it, is done when it has ended. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>
}

export interface StartOptions {
  /** The build of ours, or a store with a defect. */
  readonly format?: 'esm' | 'cjs' | 'unlocked' | 'aged'
  /** A program that starts the process in surroundings of its own. */
  readonly by?: readonly [string, ...string[]]
}

/** Starts a process, which ends with the test. */
export async function startProcess(
  folder: string,
  { format = 'esm', by = [process.execPath] }: StartOptions = {},
): Promise<StoreProcess> {
  const [command, ...args] = by.includes(process.execPath) ? by : [...by, process.execPath]
  const child = spawn(command as string, [...args, program, folder, format], {
    // What another program says of itself is not ours.
    stdio: ['pipe', 'pipe', command === process.execPath ? 'inherit' : 'ignore'],
    env: { PATH: process.env.PATH },
  })
  onTestFinished(async () => {
    child.kill('SIGCONT')
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  const waiting = new Map<number, (answer: Answer) => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer: Answer = JSON.parse(line)
    waiting.get(answer.id)?.(answer)
  })
  let last = 0
  const tell = (what: string, ...rest: unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      last += 1
      const id = last
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id)
        if (error) reject(Object.assign(new Error(error.message), error))
        else resolve(result)
      })
      child.stdin.write(`${JSON.stringify({ id, what, args: rest })}\n`)
    })
  await tell('get', 'is it there?')
  const pid = innermost(child)
  return {
    pid,
    do: tell,
    signal: async (signal) => {
      const exit = once(child, 'exit')
      process.kill(pid, signal)
      if (signal === 'SIGKILL') await exit
    },
  }
}

/** The process that was started in the end, by way of the one that started it. */
function innermost({ pid = 0 }: ChildProcess): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return children ? Number(children.split(' ')[0]) : pid
}

/** A container of its own, as far as numbers of processes go. */
export const container: readonly [string, ...string[]] = [
  'unshare',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  process.execPath,
]
/** One that has the /proc of its host, as a sandbox can: the numbers in it are those of other processes. */
export const foreignProc: readonly [string, ...string[]] = [
  'unshare',
  '--pid',
  '--fork',
  '--kill-child',
  process.execPath,
]
/** Needs the right to make one, which not every machine gives. */
export const hasContainers: boolean = spawnSync(container[0], [...container.slice(1), '--version']).status === 0
