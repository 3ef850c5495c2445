import type { Service } from '@pentauth/core'
import { services } from '@pentauth/core/services'
import type { Argument, Command, Option } from 'commander'
import type { Host } from '../host.ts'

/** One way in which a word may go on. */
export interface Completion {
  readonly word: string
  readonly about: string
}

/** What the last of these words may be; where nothing is known, a shell offers files. */
export async function completionsOf(
  program: Command,
  words: readonly string[],
  host: Host,
): Promise<readonly Completion[]> {
  const current = words.at(-1) ?? ''
  const { command, operands, open } = read(program, words.slice(0, -1))
  const [service] = operands
  const argument = command.registeredArguments[operands.length]
  const found = open
    ? await valuesOf(open, service, host)
    : current.startsWith('-')
      ? optionsOf(command)
      : [...commandsOf(command), ...(argument ? await valuesOf(argument, service, host) : [])]
  return found.filter(({ word }) => word.startsWith(current))
}

interface Line {
  readonly command: Command
  readonly operands: readonly string[]
  /** The option whose value comes next. */
  readonly open: Option | undefined
}

/** What is typed already. */
function read(program: Command, words: readonly string[]): Line {
  let line: Line = { command: program, operands: [], open: undefined }
  for (const word of words) line = withWord(line, word)
  return line
}

function withWord({ command, operands, open }: Line, word: string): Line {
  if (open) return { command, operands, open: undefined }
  const option = command.options.find(({ short, long }) => word === short || word === long)
  if (option) return { command, operands, open: option.required ? option : undefined }
  if (word.startsWith('-')) return { command, operands, open }
  const below = operands.length === 0 ? command.commands.find((one) => one.name() === word) : undefined
  return below ? { command: below, operands: [], open } : { command, operands: [...operands, word], open }
}

function commandsOf(command: Command): readonly Completion[] {
  const shown = command.createHelp().visibleCommands(command)
  return shown.map((one) => ({ word: one.name(), about: one.description() }))
}

function optionsOf(command: Command): readonly Completion[] {
  const shown = command.createHelp().visibleOptions(command)
  return shown.map(({ long, short, description }) => ({ word: long ?? short ?? '', about: description }))
}

/** What an option or an argument takes, as far as that is a list. */
async function valuesOf(
  of: Option | Argument,
  service: string | undefined,
  host: Host,
): Promise<readonly Completion[]> {
  if (of.argChoices) return of.argChoices.map((word) => ({ word, about: '' }))
  const known = lists[of.name()]
  return known ? known(service, host).catch(() => []) : []
}

async function movedService(name: string, host: Host): Promise<Service> {
  return (await import('../sessions/moved-service.ts')).movedService(name, {}, host)
}

type List = (service: string | undefined, host: Host) => Promise<readonly Completion[]>

const lists: Readonly<Record<string, List>> = {
  service: async () => services.map(({ id, name }) => ({ word: id, about: name })),
  client: async () => (await import('@pentauth/mcp')).mcpClients.map((word) => ({ word, about: '' })),
  account: async (service, host) => {
    if (!service) return []
    const { listAccounts } = await import('@pentauth/node')
    const accounts = await listAccounts(await movedService(service, host), { env: host.env })
    return accounts.map(({ account }) => ({ word: account, about: 'saved sign-in' }))
  },
  resource: async (service, host) => {
    const { resources } = await movedService(service ?? '', host)
    return Object.entries(resources).map(([word, { url }]) => ({ word, about: url }))
  },
}
