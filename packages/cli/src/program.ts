import { PentauthError } from '@pentauth/core'
import { Command, CommanderError } from 'commander'
import manifest from '../package.json' with { type: 'json' }
import type { CommandMaker } from './command.ts'
import { accountsCommand } from './commands/accounts.ts'
import { bridgeCommand } from './commands/bridge.ts'
import { completeCommand, completionCommand } from './commands/completion.ts'
import { doctorCommand } from './commands/doctor.ts'
import { fetchCommand } from './commands/fetch.ts'
import { headersCommand } from './commands/headers.ts'
import { loginCommand } from './commands/login.ts'
import { logoutCommand } from './commands/logout.ts'
import { mcpCommand } from './commands/mcp.ts'
import { sandboxCommand } from './commands/sandbox.ts'
import { statusCommand } from './commands/status.ts'
import { tokenCommand } from './commands/token.ts'
import { exitCodes } from './exit-code.ts'
import { reportFailure } from './failure.ts'
import type { Host } from './host.ts'
import { typed } from './words.ts'

/** By what people want, as `--help` shows them. */
const commands: Readonly<Record<string, readonly CommandMaker[]>> = {
  'Sign in, and see what is used:': [loginCommand, logoutCommand, statusCommand, accountsCommand, tokenCommand],
  'Use it:': [headersCommand, fetchCommand],
  'MCP clients:': [mcpCommand, bridgeCommand],
  'Servers:': [doctorCommand, sandboxCommand],
  'Shells:': [completionCommand],
}

/** Runs one command line, and resolves with the exit code. */
export async function run(given: readonly string[], host: Host): Promise<number> {
  const args = given[0] === 'help' ? [...given.slice(1), '--help'] : given
  let code: number = exitCodes.done
  // Behind -- is what others are to read.
  const json = args.slice(0, [...args, '--'].indexOf('--')).includes('--json')
  const program = commandTree(
    host,
    (ended) => {
      code = ended
    },
    json,
  )
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportFailure(error, host, json)
    // Help and version end that way, too.
    if (error.exitCode === 0) return exitCodes.done
    if (json) reportFailure(misuse(error), host, json)
    return exitCodes.misused
  }
}

/** All commands, as `--help` and the completion of shells show them. */
export function commandTree(host: Host, ended: (code: number) => void = () => undefined, json = false): Command {
  const program = new Command('pentauth')
    .description(manifest.description)
    .version(manifest.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showSuggestionAfterError()
    .showHelpAfterError('(pentauth --help lists the commands)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      outputError: (text, write) => write(typed(text.replace(/^error:/, 'pentauth:'))),
      // A program reads the error alone.
      writeErr: (text) => void (json || host.stderr.write(text)),
    })
  for (const [group, makers] of Object.entries(commands))
    for (const make of makers) program.addCommand(inheriting(make(host, ended), program).helpGroup(group))
  program.addCommand(inheriting(completeCommand(host, ended), program), { hidden: true })
  return program
}

function misuse({ message }: CommanderError): PentauthError {
  const text = typed(message.replace(/^error: /, '')).replace(/\n\((.*)\)$/, '. $1')
  const sentence = /[.?!]$/.test(text) ? text : `${text}.`
  return new PentauthError({ code: 'invalid_option', message: sentence, hint: 'pentauth --help lists the commands.' })
}

/** A command and those below it end and print as the program does. */
function inheriting(command: Command, parent: Command, above: readonly string[] = [parent.name()]): Command {
  command.copyInheritedSettings(parent)
  command.showHelpAfterError(`(${[...above, command.name()].join(' ')} --help lists what it takes)`)
  for (const below of command.commands) inheriting(below, command, [...above, command.name()])
  return command
}
