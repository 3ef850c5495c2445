import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { PentauthError } from '@pentauth/core'
import { type ClientConfig, type ClientConfigOptions, clientConfig, type McpClient } from '@pentauth/mcp'
import { type ExitCode, exitCodes } from '../exit-code.ts'
import type { Host } from '../host.ts'
import type { ServiceOptions } from '../service-options.ts'
import { movedService } from '../sessions/moved-service.ts'
import { asJson, plain } from '../words.ts'
import { agreed, chosenClient } from './client-questions.ts'
import { configDiff } from './config-diff.ts'
import { presentFile, replaceFile } from './file-replacement.ts'
import { launcherFor } from './launcher.ts'

export interface ConfigOptions extends ServiceOptions, Pick<ClientConfigOptions, 'credential' | 'replace' | 'scope'> {
  readonly client?: string
  readonly variable?: string
  readonly resource?: string
  readonly launcher?: string
  readonly write?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly file?: string
  readonly json?: boolean
}

/**
 * Prints what a client must be told about a service, or puts it into the client's file.
 *
 * @throws PentauthError those of `clientConfig`, `invalid_option`.
 */
export async function configureClient(name: string, options: ConfigOptions, host: Host): Promise<ExitCode> {
  checkOptions(options)
  const service = await movedService(name, options, host)
  const client = (options.client ?? (await chosenClient(host))) as McpClient
  const wishes = wishesOf(options, host)
  const config = await clientConfig(service, client, wishes)
  if (!options.write && !options.dryRun) return shown(config, config.text, {}, options, host)
  const path = resolve(host.cwd, options.file ?? config.path)
  const file = await presentFile(path)
  const { text } = await clientConfig(service, client, { ...wishes, existing: file.text }).catch((error: unknown) => {
    throw inOurWords(error)
  })
  const isSame = text === file.text
  const diff = isSame ? '' : configDiff(plain(path), file.text, text, config.text)
  if (options.dryRun) return shown({ ...config, path }, diff, { diff }, options, host)
  const isWritten = !isSame && (await agreed(path, diff, options, host))
  // A file of one person may come to hold secrets; one of a project is everybody's.
  if (isWritten) await replaceFile(file, text, options.scope === 'project' ? 0o666 : 0o600)
  if (!options.json)
    host.stderr.write(`${isWritten ? 'Written' : isSame ? 'As it is already' : 'Not written'}: ${plain(path)}\n`)
  shown({ ...config, path }, '', { diff, written: isWritten }, options, host)
  return isSame || isWritten ? exitCodes.done : exitCodes.failed
}

function checkOptions({ write, dryRun, yes, file, replace }: ConfigOptions): void {
  const idle = Object.entries({ yes, file, replace }).find(([, value]) => value !== undefined)
  if (!idle || write || dryRun) return
  throw new PentauthError({
    code: 'invalid_option',
    message: `--${idle[0]} is for writing, and nothing is to be written.`,
    hint: 'Say --write, too, or --dry-run to see what would be written.',
  })
}

function wishesOf(options: ConfigOptions, { env }: Host): ClientConfigOptions {
  const { credential, scope, name, variable, resource, replace, account } = options
  return {
    ...{ credential, scope, name, variable, resource, replace, account },
    launcher: launcherFor(options.launcher, env),
    home: (process.platform === 'win32' ? env.USERPROFILE : env.HOME) || homedir(),
    configHome: (process.platform === 'win32' ? env.APPDATA : env.XDG_CONFIG_HOME) || undefined,
  }
}

/** The result on stdout, and what to know on stderr; as JSON all of it is one result. */
function shown(config: ClientConfig, result: string, facts: object, { json }: ConfigOptions, host: Host): ExitCode {
  const { stdout, stderr } = host
  if (json) stdout.write(asJson({ ...config, ...facts }))
  else {
    stdout.write(result)
    stderr.write(aboutConfig(config, host))
  }
  return exitCodes.done
}

function aboutConfig({ path, env, notes, commands, credential }: ClientConfig, host: Host): string {
  const home = credential === 'bridge' || credential === 'helper' ? host.env.PENTAUTH_HOME : undefined
  const lines = [
    `File: ${plain(path)}`,
    ...(env.length > 0 ? [`Must be set: ${env.join(', ')}`] : []),
    ...(home ? [`PENTAUTH_HOME is set here: sign-ins are found where the client starts with it, too.`] : []),
    ...notes,
    ...commands.map(
      ({ purpose, posix, powershell }) => `${purpose}: ${process.platform === 'win32' ? powershell : posix}`,
    ),
  ]
  return `${lines.join('\n')}\n`
}

/** What `clientConfig` says to programs, as options of this command. */
function inOurWords(error: unknown): unknown {
  if (!PentauthError.isInstance(error) || !error.hint) return error
  const { code, hint } = error
  if (hint.includes('"existing"')) {
    const message = error.message.replace(hint, '').trim()
    return new PentauthError({
      code,
      message,
      hint: 'Nothing was changed. Add the entry by hand: without --write you get it alone.',
    })
  }
  if (!hint.startsWith('replace: true')) return error
  return new PentauthError({
    code,
    message: error.message.replace(hint, '').trim(),
    hint: 'With --replace the new one takes its place; --name gives it another one.',
  })
}
