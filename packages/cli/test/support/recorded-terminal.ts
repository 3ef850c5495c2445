import { spawn } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './cli.ts'

/** What a command has shown at a terminal. */
export interface Recording {
  /** Text and escape sequences, as the terminal gets them. */
  readonly shown: string
  readonly code: number | null
}

export interface RecordingOptions {
  readonly env: Readonly<Record<string, string>>
  readonly columns: number
  /** What it shows when it is time for Ctrl-C. */
  readonly until?: RegExp | undefined
}

const program = join(import.meta.dirname, '..', '..', 'dist', 'main.js')

/** Types a command, without anything of a shell's but variables, at a terminal of its own, where `pentauth` is on the `PATH`. */
export function record(commandLine: string, { env, columns, until }: RecordingOptions): Promise<Recording> {
  const bin = temporaryFolder()
  const command = join(bin, 'pentauth')
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
  chmodSync(command, 0o755)
  const path = [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(':')
  const options = { env: { PATH: path, TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env }, stdio: 'pipe' } as const
  const child = spawn(
    '/usr/bin/script',
    ['-qefc', `stty cols ${columns} rows 60; exec ${commandLine}`, '/dev/null'],
    options,
  )
  onTestFinished(() => void (child.exitCode ?? child.kill('SIGKILL')))
  let shown = ''
  let seen: string | undefined
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    shown += chunk
    if (seen !== undefined || !until?.test(shown)) return
    seen = shown
    child.stdin.write('\x03')
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ shown: seen ?? shown, code })))
}
