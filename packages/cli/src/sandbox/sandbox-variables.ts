import { open, readFile, rm } from 'node:fs/promises'
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

const firstLine = '# The sandbox of pentauth: good for as long as it runs.\n'

/** A file with the variables that only its owner reads, for as long as the sandbox runs. */
export interface EnvFile {
  write(env: Readonly<Record<string, string>>): Promise<void>
  remove(): Promise<void>
}

export function envFileOf(name: string, { cwd }: Pick<Host, 'cwd'>): EnvFile {
  const path = resolve(cwd, name)
  /** One that an earlier sandbox left behind is replaced, and nobody else's. */
  const remove = async (): Promise<void> => {
    if ((await readFile(path, 'utf8').catch(() => '')).startsWith(firstLine)) await rm(path)
  }
  return {
    remove,
    async write(env) {
      await remove()
      try {
        // Only where there is nothing, not even a link.
        const file = await open(path, 'wx', 0o600)
        const lines = Object.entries(env).map(([variable, value]) => `${variable}=${value}\n`)
        await file.writeFile(firstLine + lines.join('')).finally(() => file.close())
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
