import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Environment, PentauthError } from '@pentauth/node'
import { facts, type Sandbox, type ServiceName } from '@pentauth/sandbox'
import type { Host } from '../host.ts'

export type Shell = 'bash' | 'fish' | 'powershell'

/** What a program needs in its environment to use the sandbox in place of the services: addresses, and a new key for each. */
export function variablesOf(
  sandbox: Sandbox,
  baseUrls: Readonly<Record<ServiceName, string>>,
): Readonly<Record<string, string>> {
  const variables = Object.values(facts).flatMap(({ name, env }) => [
    [`${name.toUpperCase()}_BASE_URL`, baseUrls[name]],
    [env.apiKey, sandbox.keys.create(name).key],
  ])
  const { clientId, clientSecret } = sandbox.clients.create('pentographer', { name: 'pentauth sandbox' })
  return {
    ...Object.fromEntries(variables),
    PENTOGRAPHER_CLIENT_ID: clientId,
    PENTOGRAPHER_CLIENT_SECRET: clientSecret,
  }
}

/** The shell of whoever reads it. */
export function shellOf({ SHELL = '' }: Environment): Shell {
  if (process.platform === 'win32' && SHELL === '') return 'powershell'
  return SHELL.endsWith('/fish') ? 'fish' : 'bash'
}

/** Lines to paste into a shell; no value has a character that one reads. */
export function linesFor(shell: Shell, env: Readonly<Record<string, string>>): string {
  const line = {
    bash: (name: string, value: string) => `export ${name}='${value}'`,
    fish: (name: string, value: string) => `set -gx ${name} '${value}'`,
    powershell: (name: string, value: string) => `$env:${name} = '${value}'`,
  }[shell]
  return Object.entries(env)
    .map(([name, value]) => `${line(name, value)}\n`)
    .join('')
}

const firstLine = `# The sandbox of pentauth, process ${process.pid}: good for as long as it runs.\n`

/** A file with the variables that only its owner reads, for as long as the sandbox runs. */
export interface EnvFile {
  write(env: Readonly<Record<string, string>>): void
  remove(): void
}

export function envFileOf(name: string, { cwd }: Pick<Host, 'cwd'>): EnvFile {
  const path = resolve(cwd, name)
  let written: string | undefined
  const present = () => (existsSync(path) ? readFileSync(path, 'utf8') : '')
  /** What somebody has added to is theirs, as is the file of another sandbox. */
  const remove = () => {
    if (written !== undefined && present() === written) rmSync(path)
  }
  return {
    remove,
    write(env) {
      try {
        if (isLeftBehind(present())) rmSync(path)
        const lines = Object.entries(env).map(([variable, value]) => `${variable}=${value}\n`)
        // Only where there is nothing, not even a link.
        writeFileSync(path, firstLine + lines.join(''), { flag: 'wx', mode: 0o600 })
        written = firstLine + lines.join('')
        // Whoever reads what is printed may go away, and so end the process.
        process.once('exit', remove)
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException
        throw new PentauthError({
          code: 'invalid_option',
          message: `The file ${path} ${code === 'EEXIST' ? 'exists already' : `cannot be written (${code})`}.`,
          hint: 'Name a file that is not there yet, such as --write-env .env.sandbox.',
          cause,
        })
      }
    },
  }
}

/** Whether it is of a sandbox that has ended without taking it away. */
function isLeftBehind(text: string): boolean {
  const owner = /^# The sandbox of pentauth, process (\d+):/.exec(text)?.[1]
  if (owner === undefined) return false
  try {
    process.kill(Number(owner), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
