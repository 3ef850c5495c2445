import { type Command, Option } from 'commander'
import { label } from './option-values.ts'

/** What may be said about a server that is named by its address, and whose credential is meant. */
export interface ServiceOptions {
  readonly name?: string
  readonly account?: string
  readonly apiKeyEnv?: string
  readonly apiKeyHeader?: 'authorization' | 'x-api-key'
  readonly clientId?: string
  readonly clientMetadata?: string
  readonly resourceParameter?: boolean
  readonly scopeOnRefresh?: boolean
  readonly legacyEndpoints?: boolean
  /** For a gateway before the MCP server: no other origin gets them. */
  readonly headers?: Readonly<Record<string, string>>
  /** Where a server of the older transport takes messages. */
  readonly messages?: string
}

export const serviceArgument =
  'pendium, pensyve, profundis, pentographer, pendra, the address of any MCP server, or a definition (.json)'

/** Adds them to a command; all commands that take a service take them. */
export function withServiceOptions(command: Command): Command {
  return command
    .option('--account <label>', 'whose sign-in, where there are several', label)
    .optionsGroup('For a server by its address:')
    .option('--name <name>', 'what to call it')
    .option('--api-key-env <variable>', 'the environment variable that holds its API key')
    .addOption(
      new Option('--api-key-header <header>', 'the header that the key travels in').choices([
        'authorization',
        'x-api-key',
      ]),
    )
    .option('--client-id <id>', 'a client that was registered by hand; else one registers itself')
    .option('--client-metadata <url>', 'a client ID metadata document to use as the client ID')
    .option('--no-resource-parameter', 'leave out `resource` (RFC 8707), for servers that refuse it')
    .option('--scope-on-refresh', 'name the scopes again with each renewal')
    .option('--legacy-endpoints', 'sign in at /authorize of the origin, for servers without metadata')
}
