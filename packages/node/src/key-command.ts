import type { ChildProcess } from 'node:child_process'
import {
  type CredentialSource,
  type KeySourceOptions,
  keySource,
  PentauthError,
  type PentauthErrorInit,
} from '@pentauth/core'
import { builtin } from './builtin.ts'
import { looksLikeKey } from './mistaken-key.ts'

export interface KeyCommandOptions extends Pick<KeySourceOptions, 'refusedGrace'> {
  /** Seconds the command may take; 30 unless given. */
  readonly timeout?: number | undefined
}

const defaultTimeout = 30
const largestOutput = 65_536
/** How long (ms) a command that was told to end may tidy up, and how long output is awaited that another process still holds open. */
const patience = 1_000

/**
 * The API key that a command prints, such as that of a password manager; run once, and again after a refusal.
 *
 * The command is a program and its arguments: there is no shell, so nothing in them is interpreted. It runs once for all callers who
 * need a key at that moment, in the environment, the directory and the process group of this process: Ctrl-C ends it too. Its stderr
 * is ours, its stdin empty; of its stdout at most 64 KiB are taken.
 *
 * @throws PentauthError `invalid_option` for what is no list of strings; (when first used) `source_failed` when the command cannot be
 *   run, fails, prints nothing or takes too long (then `retryable`), `malformed_credential`, `wrong_credential`. No message repeats
 *   an argument or the output.
 * @example
 * ```ts
 * const auth = createAuth(pensyve, { credential: keyCommand(['op', 'read', 'op://agents/pensyve/key']) })
 * ```
 */
export function keyCommand(
  argv: readonly [program: string, ...args: string[]],
  { timeout = defaultTimeout, ...rest }: KeyCommandOptions = {},
): CredentialSource {
  checkArgv(argv)
  if (!(timeout > 0 && timeout <= 86_400)) throw invalid('a timeout in seconds, more than 0 and at most a day')
  const command = [...argv] as [string, ...string[]]
  const source = keySource(`command ${called(command[0])}`, () => run(command, timeout), {
    ...rest,
    reads: 'after-refusal',
  })
  return { ...source, present: () => true }
}

/** A command in messages: its program only, and of a whole command line by mistake only the first word. */
function called(program: string): string {
  return `"${builtin('node:path').basename(program).split(/\s/)[0]}"`
}

async function run([program, ...args]: [string, ...string[]], timeout: number): Promise<string> {
  const { spawn } = builtin('node:child_process')
  const failed = (what: string, hint: string, rest: Partial<PentauthErrorInit> = {}) =>
    new PentauthError({ code: 'source_failed', message: `The command ${called(program)} ${what}.`, hint, ...rest })

  return new Promise((resolve, reject) => {
    const child = start(spawn, program, args)
    if (!child) {
      reject(failed('could not be started', 'Check its arguments: they may be too long.'))
      return
    }
    const chunks: Buffer[] = []
    let length = 0
    let drain: NodeJS.Timeout | undefined
    let isOver = false

    const giveUp = (error: PentauthError) => {
      end(child)
      settle()
      reject(error)
    }
    const late = setTimeout(
      () =>
        giveUp(
          failed(`took longer than ${timeout} s and was ended`, 'Run it by hand: it may wait for an answer.', {
            retryable: true,
          }),
        ),
      timeout * 1000,
    )
    const settle = () => {
      isOver = true
      clearTimeout(late)
      clearTimeout(drain)
      // A process that the command left behind may hold its output open; we do not wait for that one.
      child.stdout?.destroy()
    }
    const finish = (code: number | null, signal: NodeJS.Signals | null) => {
      settle()
      const key = Buffer.concat(chunks).toString('utf8').trim()
      const byHand = 'Run it by hand to see why; what it writes to stderr is shown here as well.'
      if (signal) reject(failed(`was ended by ${signal}`, byHand))
      else if (code !== 0) reject(failed(`failed with exit code ${code}`, byHand))
      else if (!key) reject(failed('printed nothing', 'It must print the key, and only the key, to stdout.'))
      else resolve(key)
    }

    child.stdout?.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length <= largestOutput) return
      giveUp(
        failed(`printed more than ${largestOutput / 1024} KiB`, 'It must print the key, and only the key, to stdout.'),
      )
    })
    // Not once: a command of another user cannot be ended, and says so here too.
    child.on('error', (error: NodeJS.ErrnoException) => {
      settle()
      reject(failed(...reasonOf(error.code)))
    })
    child.once('exit', (code, signal) => {
      if (!isOver) drain = setTimeout(() => finish(code, signal), patience)
    })
    child.once('close', finish)
  })
}

/** Starts the command; `undefined` where the platform refuses in a way that would repeat the arguments. */
function start(
  spawn: typeof import('node:child_process').spawn,
  program: string,
  args: string[],
): ChildProcess | undefined {
  try {
    // Not a group or session of its own: it could then neither ask on the terminal nor be ended from there.
    return spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], windowsHide: true })
  } catch {
    return undefined
  }
}

/** Asks the command to end, so that it can end what it started itself, and insists after a moment. */
function end(child: ChildProcess): void {
  child.kill('SIGTERM')
  const insist = setTimeout(() => child.kill('SIGKILL'), patience)
  child.once('exit', () => clearTimeout(insist))
}

function reasonOf(code: string | undefined): [what: string, hint: string] {
  if (code === 'ENOENT') {
    return ['was not found', 'Check its name and PATH. There is no shell: program and arguments are one string each.']
  }
  const hint = code === 'EACCES' ? 'Check that it may be executed (chmod +x).' : 'Run it by hand to see why.'
  return [`could not be started (${code ?? 'unknown error'})`, hint]
}

function checkArgv(argv: readonly string[]): void {
  const isList = Array.isArray(argv) && argv.every((part) => typeof part === 'string' && !part.includes('\0'))
  if (isList && argv[0]?.trim() && !looksLikeKey(argv[0])) return
  throw invalid(
    typeof argv === 'string' ? 'a list, and was given one string' : 'a list of strings, the first of them a program',
  )
}

function invalid(what: string): PentauthError {
  return new PentauthError({
    code: 'invalid_option',
    message: `keyCommand needs ${what}.`,
    hint: "There is no shell: write keyCommand(['pass', 'show', 'pensyve']), with seconds in { timeout: 30 }.",
  })
}
