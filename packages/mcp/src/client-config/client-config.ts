import type { CredentialHeader, Resource, Service } from '@pentauth/core'
import { clientNotes } from './client-notes.ts'
import { type ClientPlaceOptions, clientPath, platformOf } from './client-path.ts'
import { type ClientCredential, type ClientRow, clients, type McpClient } from './clients.ts'
import { type ClientCommand, clientCommands } from './commands.ts'
import { configText } from './config-text.ts'
import { credentialWay } from './credential-way.ts'
import { shownName } from './entry-parts.ts'
import { refusedOption } from './refusal.ts'
import { baseUrl, isVariable, type Server, serverEntry } from './server-entry.ts'

export interface ClientConfigOptions extends ClientPlaceOptions {
  /**
   * How the client comes to a credential; what the service advises for it unless given.
   *
   * - `api-key`: the entry refers to a variable that holds the key
   * - `oauth`: the client signs in by itself, the entry holds no header
   * - `helper`: the client runs `pentauth headers` when it connects (Claude Code, Codex)
   * - `bridge`: the client starts `pentauth bridge`, which brings the credential and renews it
   */
  readonly credential?: ClientCredential | undefined
  /** The name of the entry; the service's id unless given. */
  readonly name?: string | undefined
  /** The resource, where the service has several MCP servers. */
  readonly resource?: string | undefined
  /** The variable that holds the key; the service's own unless given. */
  readonly variable?: string | undefined
  /** The header for the key, where the resource takes it in several. */
  readonly header?: CredentialHeader | undefined
  /** What is in the file now; everything but the one entry stays as it is. */
  readonly existing?: string | undefined
  /** Puts the entry in the place of one that has its name. */
  readonly replace?: boolean | undefined
  /** Whose sign-in the bridge and the helper use, as `pentauth login --account` has it; the current one unless given. */
  readonly account?: string | undefined
  /** How the client starts `pentauth`; `['npx', '-y', 'pentauth']` unless given. */
  readonly launcher?: readonly string[] | undefined
}

export interface ClientConfig {
  readonly client: McpClient
  readonly name: string
  readonly credential: ClientCredential
  /** Where the file is, or belongs. */
  readonly path: string
  readonly format: 'json' | 'jsonc' | 'toml' | 'yaml'
  /** The whole file. */
  readonly text: string
  /** Commands that do the same, or what the file cannot do. */
  readonly commands: readonly ClientCommand[]
  /** What to know about this client and this service. */
  readonly notes: readonly string[]
  /** Variables that must be set. */
  readonly env: readonly string[]
}

/** The clients that `clientConfig` knows. */
export const mcpClients: readonly McpClient[] = Object.freeze(Object.keys(clients) as McpClient[])

/**
 * Writes the configuration of an MCP client for a service: the exact file, with the key by reference and never by value, merged into
 * what the user has. It reads and writes no file and no variable itself.
 *
 * @throws PentauthError `invalid_option` for a service without an MCP server, a way that the client or the service does not have, a
 * name that the client does not take, or a present file that cannot be merged without losing something.
 * @example
 * ```ts
 * const { path, text, notes } = await clientConfig(pensyve, 'cursor', { existing: '{ "mcpServers": {} }\n' })
 * ```
 */
export async function clientConfig(
  service: Service,
  client: McpClient,
  options: ClientConfigOptions = {},
): Promise<ClientConfig> {
  if (!Object.hasOwn(clients, client)) {
    throw refusedOption('knows no such client', `The clients are ${mcpClients.join(', ')}.`)
  }
  const row = clients[client]
  const resource = mcpResource(service, options.resource)
  const name = entryName(service, row, options.name)
  const way = credentialWay(service, resource, row, options.credential)
  const key = way === 'api-key' ? keyOf(service, resource, options) : undefined
  const launcher = launcherOf(options.launcher)
  const account = accountOf(options.account)
  const server: Server = { service, resource, name, way, key, launcher, account, os: platformOf(options) }
  const entry = serverEntry(row, server)
  const title = shownName(service)
  const inputs = key && row.input ? [row.input(name, title)] : []
  const file = row.file?.(title)
  const change = { servers: row.servers, name, entry, inputs, file, replace: options.replace === true }
  return {
    client,
    name,
    credential: way,
    path: clientPath(row, name, options),
    format: row.format,
    text: await configText(row, existingText(options.existing), change),
    commands: clientCommands(client, row, server, options.scope ?? 'user'),
    notes: clientNotes(row, server, options.scope ?? 'user'),
    env: [
      ...(key && !row.input ? [key.variable] : []),
      ...(way === 'helper' ? Object.keys(baseUrl(server) ?? {}) : []),
    ],
  }
}

function mcpResource(service: Service, asked: string | undefined): Resource {
  const found = Object.entries<Resource>(service?.resources ?? {}).filter(([, { protocol }]) => protocol === 'mcp')
  const names = found.map(([name]) => name).join(', ')
  const [chosen, ...more] = asked === undefined ? found : found.filter(([name]) => name === asked)
  if (chosen && more.length === 0) return chosen[1]
  throw refusedOption(
    found.length === 0 ? 'needs a service with an MCP server' : 'needs the name of one MCP server',
    found.length === 0
      ? 'Its definition has no resource with the protocol "mcp". For any MCP server use mcpService(url).'
      : `The option "resource" can be ${names}.`,
    service?.id,
  )
}

function entryName(service: Service, { title, names }: ClientRow, name: string = service.id): string {
  const { form, words } = names ?? {
    form: /^[A-Za-z0-9][\w-]{0,63}$/,
    words: 'letters, digits, dashes and underscores',
  }
  if (typeof name === 'string' && form.test(name)) return name
  throw refusedOption(
    `was given a name that ${title} does not take`,
    `It takes up to 64 ${words}, first a letter or digit: set the option "name".`,
    service.id,
  )
}

function keyOf(service: Service, resource: Resource, { variable, header }: ClientConfigOptions): Server['key'] {
  const taken = resource.apiKey ?? []
  const chosen = header ?? taken[0]
  if (!chosen || !taken.includes(chosen)) {
    throw refusedOption('was given a header that carries no key there', `It can be ${taken.join(', ')}.`, service.id)
  }
  const name = variable === undefined ? service.apiKey?.env : variable
  if (isVariable(name)) return { variable: name, header: chosen }
  throw refusedOption(
    'needs the name of the variable that holds the key',
    'Set the option "variable", or "env" of the service, to a name of upper-case letters, digits and underscores, and not to the key.',
    service.id,
  )
}

function launcherOf(launcher: readonly string[] = ['npx', '-y', 'pentauth']): readonly string[] {
  const isWords = Array.isArray(launcher) && launcher.length > 0
  if (isWords && launcher.every((word) => typeof word === 'string' && word !== '' && !/[\p{Cc}$]/u.test(word))) {
    return launcher
  }
  throw refusedOption('was given no command as "launcher"', "Give a list of words, such as ['npx', '-y', 'pentauth'].")
}

function accountOf(account: string | undefined): string | undefined {
  if (account === undefined || (typeof account === 'string' && /^[^-$\p{Cc}][^$\p{Cc}]{0,99}$/u.test(account)))
    return account
  throw refusedOption('was given no label as "account"', 'Give some text without "$", such as "work".')
}

function existingText(existing: string | undefined): string {
  if (existing === undefined || typeof existing === 'string') return existing ?? ''
  throw refusedOption('was given no text as "existing"', 'Read the file as UTF-8 text first.')
}
