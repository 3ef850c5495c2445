import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSandbox, type Sandbox, type SandboxOptions } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { onTestFinished, vi } from 'vitest'

const program = join(import.meta.dirname, '..', '..', 'dist', 'main.js')

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Whether it has a terminal of its own: stdin, stdout and stderr are then one. */
  readonly terminal?: boolean
}

export interface Running {
  readonly child: ChildProcess
  /** What it has said so far. */
  readonly said: { stdout: string; stderr: string }
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>
  /** Waits until it has said that, and returns the first group, or all of it. */
  like(pattern: RegExp): Promise<string>
}

/** Starts `pentauth` as users do: a process of its own, with nothing of this one's environment but what is needed to run. */
export function start(args: readonly string[], { env = {}, cwd, terminal = false }: CliOptions = {}): Running {
  const command = [process.execPath, program, ...args]
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const options = {
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', ...env },
    stdio: 'pipe',
    ...(cwd ? { cwd } : {}),
  } as const
  // `script` gives it a terminal whose input and output are ours, without a size; a shell in between would end as Ctrl-C ends a shell.
  const child = terminal
    ? spawn('/usr/bin/script', ['-qefc', `stty cols 100 rows 40; exec ${quoted}`, '/dev/null'], options)
    : spawn(process.execPath, command.slice(1), options)
  onTestFinished(() => void (child.exitCode ?? child.kill('SIGKILL')))
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk) => (said.stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk) => (said.stderr += chunk))
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  return {
    child,
    said,
    ended,
    like: (pattern) =>
      vi.waitFor(
        () => {
          const [found, part = found] = pattern.exec(said.stdout + said.stderr) ?? []
          if (found === undefined) throw new TypeError(`not said: ${pattern} in ${said.stdout}${said.stderr}`)
          return part as string
        },
        { timeout: 8_000, interval: 20 },
      ),
  }
}

/** Runs it to its end, with that on its stdin. */
export async function cli(
  args: readonly string[],
  { input = '', ...options }: CliOptions & { readonly input?: string } = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const { child, said, ended } = start(args, options)
  child.stdin?.end(input)
  const { code } = await ended
  return { code, ...said }
}

/** A folder that ends with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pentauth-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface World {
  readonly sandbox: Sandbox
  readonly origins: Readonly<Record<string, string>>
  /** Home and addresses: what a process needs to find the sandbox in place of the services. */
  readonly env: Readonly<Record<string, string>>
}

/** The five services on this machine, and a home of its own. */
export async function world(options: SandboxOptions = {}): Promise<World> {
  const sandbox = createSandbox(options)
  const server = await listen(sandbox, { onePortPerService: true })
  onTestFinished(() => server.close())
  const home = temporaryFolder()
  const moved = Object.entries(server.baseUrls).map(([service, url]) => [`${service.toUpperCase()}_BASE_URL`, url])
  return {
    sandbox,
    origins: server.origins,
    env: { HOME: home, PENTAUTH_HOME: join(home, 'state'), ...Object.fromEntries(moved) },
  }
}
