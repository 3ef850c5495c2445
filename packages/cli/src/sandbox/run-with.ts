import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { PentauthError } from '@pentauth/node'
import type { Host } from '../host.ts'
import { typed } from '../words.ts'

/**
 * Runs a command with more variables, on our own input and output, and resolves with its exit code.
 *
 * @throws PentauthError `invalid_option` when it cannot be started.
 */
export async function runWith(
  [program = '', ...args]: readonly string[],
  more: Readonly<Record<string, string>>,
  { env, cwd, stdin }: Host,
): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit', cwd, env: { ...env, ...more } })
  // Ctrl-C at a terminal reaches the command by itself, and twice would mean more than once.
  const pass = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGINT' || !stdin.isTTY) child.kill(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, pass)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      // As shells say it.
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
    })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new PentauthError({
      code: 'invalid_option',
      message: `The command ${JSON.stringify(typed(program.slice(0, 60)))} cannot be started (${code}).`,
      hint: 'Write program and arguments behind --, such as `pentauth sandbox -- npm test`; on Windows `-- cmd /c npm test`.',
      cause,
    })
  } finally {
    for (const signal of signals) process.off(signal, pass)
  }
}
