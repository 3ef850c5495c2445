import { styleText } from 'node:util'
import { openPage, PentauthError } from '@pentauth/node'
import { createSandbox, facts, type Sandbox, SandboxError, type ServiceName } from '@pentauth/sandbox'
import { listen, type SandboxServer } from '@pentauth/sandbox/server'
import { exitCodes } from '../exit-code.ts'
import type { Host } from '../host.ts'
import { asJson } from '../words.ts'
import { runWith } from './run-with.ts'
import { envFileOf, linesFor, type Shell, shellOf, variablesOf } from './sandbox-variables.ts'
import { untilStopped } from './until-stopped.ts'

export interface SandboxCommandOptions {
  readonly port?: number
  readonly shell?: Shell
  readonly writeEnv?: string
  readonly open?: boolean
  readonly deviceGrant?: boolean
  readonly verbose?: boolean
  readonly untilStdinCloses?: boolean
  readonly json?: boolean
}

/** One service, as people and programs find it. */
interface Place {
  readonly id: ServiceName
  readonly name: string
  readonly baseUrl: string
  /** The page on which keys are made. */
  readonly console: string
}

/**
 * Starts the five services on this machine until somebody stops them, or for as long as a command runs.
 *
 * @returns the exit code: of the command, if there is one.
 * @throws PentauthError `invalid_option` for a port that is taken, a file that cannot be written and a command that cannot be started.
 */
export async function runSandbox(
  command: readonly string[],
  options: SandboxCommandOptions,
  host: Host,
): Promise<number> {
  const device = { deviceAuthorization: options.deviceGrant }
  const sandbox = createSandbox({ pendium: device, pensyve: device, profundis: device })
  const server = await listening(watched(sandbox, options, host), options)
  const env = variablesOf(sandbox, server.baseUrls)
  const file = options.writeEnv === undefined ? undefined : envFileOf(options.writeEnv, host)
  try {
    file?.write(env)
    if (command.length > 0) return await runWith(command, env, host)
    const stopped = untilStopped(options.untilStdinCloses ? host.stdin : undefined)
    const places = placesOf(server)
    print(places, env, options, host)
    if (options.open) await openConsoles(places, host)
    await stopped
    return exitCodes.done
  } finally {
    file?.remove()
    await server.close()
  }
}

/** The sandbox without a memory of what was asked, which grows; each request is a line, if somebody wants it. */
function watched(sandbox: Sandbox, { verbose }: SandboxCommandOptions, { stderr }: Host): Sandbox {
  const tell = (): void => {
    for (const { method, url, status, operation, credential } of sandbox.journal.entries) {
      const how = credential ? `${credential.valid ? 'good' : 'unknown'} ${credential.kind}` : 'no credential'
      if (verbose)
        stderr.write(`${method} ${url} ${status || 'dropped'} (${operation ?? 'no such operation'}, ${how})\n`)
    }
    sandbox.journal.clear()
  }
  return { ...sandbox, fetch: (input, init) => sandbox.fetch(input, init).finally(tell) }
}

async function listening(sandbox: Sandbox, { port }: SandboxCommandOptions): Promise<SandboxServer> {
  try {
    return await listen(sandbox, { onePortPerService: true, port })
  } catch (cause) {
    if (!SandboxError.isInstance(cause)) throw cause
    throw new PentauthError({
      code: 'invalid_option',
      message: cause.message,
      hint: 'The five services take the port and the four behind it; without --port they take free ones.',
      cause,
    })
  }
}

function placesOf({ baseUrls }: SandboxServer): readonly Place[] {
  return Object.values(facts).map(({ name: id, title: name, keysPage }) => {
    const baseUrl = baseUrls[id]
    return { id, name, baseUrl, console: baseUrl + new URL(keysPage.url).pathname }
  })
}

function print(
  places: readonly Place[],
  env: Readonly<Record<string, string>>,
  { json, writeEnv, shell }: SandboxCommandOptions,
  { env: own, stdout, stderr }: Host,
): void {
  if (json) return void stdout.write(asJson({ services: places, env }))
  const bold = (text: string): string => styleText('bold', text, { stream: stderr })
  const rows = places.map(({ name, baseUrl, console }) => `  ${bold(name.padEnd(14))}${baseUrl}   keys: ${console}\n`)
  stderr.write(`The five services are on this machine, and nothing leaves it. Ctrl-C ends them.\n\n${rows.join('')}\n`)
  if (writeEnv !== undefined)
    return void stderr.write(`Their variables are in ${writeEnv}:  set -a; . ${writeEnv}; set +a\n`)
  stderr.write('For another terminal, with keys that are good here only:\n\n')
  stdout.write(linesFor(shell ?? shellOf(own), env))
}

async function openConsoles(places: readonly Place[], { env, stderr }: Host): Promise<void> {
  for (const { console } of places) {
    const why = await openPage(console, { env })
    if (why !== undefined) return void stderr.write(`\nOpen the pages yourself: ${why}.\n`)
  }
}
