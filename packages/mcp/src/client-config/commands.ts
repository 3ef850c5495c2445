import type { ClientScope } from './client-path.ts'
import type { ClientRow, McpClient } from './clients.ts'
import { signsPeopleIn } from './credential-way.ts'
import { baseUrl, keyHeader, pentauthWords, type Server, serverUrl } from './server-entry.ts'
import { posixLine, powershellLine, programOf, type Word } from './shell.ts'

/** A command that does the same as the file, or what the file cannot do. */
export interface ClientCommand {
  readonly purpose: string
  /** For sh, bash and zsh. */
  readonly posix: string
  readonly powershell: string
}

interface Line {
  readonly purpose: string
  readonly words: readonly Word[]
}

/** The commands that the client and the service document, and the sign-in of `pentauth` where it holds the credential. */
export function clientCommands(
  client: McpClient,
  row: ClientRow,
  server: Server,
  scope: ClientScope,
): readonly ClientCommand[] {
  const lines = [...(adders[client]?.(row, server, scope) ?? []), ...documented(client, server), ...signIn(server)]
  return lines.map(({ purpose, words }) => ({
    purpose,
    posix: posixFor(server, words),
    powershell: powershellLine(words),
  }))
}

/** Git Bash would make a path of `/c`, and every program that it starts would get that. */
function posixFor({ os }: Server, words: readonly Word[]): string {
  return `${os === 'win32' && words.includes('/c') ? 'MSYS_NO_PATHCONV=1 ' : ''}${posixLine(words)}`
}

const adders: { readonly [K in McpClient]?: (row: ClientRow, server: Server, scope: ClientScope) => readonly Line[] } =
  {
    'claude-code': (row, server, scope) => {
      const { name, way } = server
      const purpose = 'Write the entry with Claude Code'
      if (way === 'helper') return []
      const add = ['claude', 'mcp', 'add', '--scope', scope]
      if (way === 'bridge') return [{ purpose, words: [...add, name, ...settings(server), '--', ...bridge(server)] }]
      return [
        {
          purpose,
          words: [...add, '--transport', 'http', name, serverUrl(server.resource), ...headerWords(row, server)],
        },
      ]
    },
    codex: (_, server, scope) => {
      const { name, way, key } = server
      // It writes the user's file only, and of headers only the one for the key.
      if (way === 'helper' || scope === 'project' || server.resource.headers || key?.header === 'x-api-key') return []
      const purpose = 'Write the entry with Codex'
      const add = ['codex', 'mcp', 'add', name]
      if (way === 'bridge') return [{ purpose, words: [...add, ...settings(server), '--', ...bridge(server)] }]
      const remote = [...add, '--url', serverUrl(server.resource)]
      if (key) return [{ purpose, words: [...remote, '--bearer-token-env-var', key.variable] }]
      return [
        { purpose, words: remote },
        { purpose: 'Sign in', words: ['codex', 'mcp', 'login', name] },
      ]
    },
    gemini: (row, server, scope) => {
      const { name, way, resource } = server
      if (way === 'bridge') return []
      const add = ['gemini', 'mcp', 'add', '--scope', scope, '--transport', 'http', name, serverUrl(resource)]
      return [{ purpose: 'Write the entry with Gemini CLI', words: [...add, ...headerWords(row, server)] }]
    },
  }

/** What the services' own pages tell their users to run. */
function documented(client: McpClient, { service, resource, name, key }: Server): readonly Line[] {
  if (client !== 'claude-code' || service.id !== 'pensyve') return []
  const plugin = {
    purpose: "Instead: Pensyve's plugin, which signs in by OAuth",
    words: ['claude', 'plugins', 'add', 'pensyve'],
  }
  // The plugin knows only the cloud.
  const plugins = resource.relocated ? [] : [plugin]
  if (!key) return plugins
  const header = { expands: 'Authorization: Bearer ', variable: key.variable }
  const add = ['claude', 'mcp', 'add', '--transport', 'http', name, serverUrl(resource), '--header', header]
  const purpose =
    'Instead, as Pensyve documents it: the shell fills in the key, so that it stands in the file of Claude Code'
  return [...plugins, { purpose, words: add }]
}

/** Where `pentauth` brings the credential, somebody must have signed in or saved a key. */
function signIn(server: Server): readonly Line[] {
  const { way, service, resource } = server
  if ((way !== 'bridge' && way !== 'helper') || !signsPeopleIn(service, resource)) return []
  return [{ purpose: 'Sign in once, for the bridge and the helper', words: pentauthWords(server, 'login') }]
}

function headerWords(row: ClientRow, server: Server): readonly string[] {
  const headers = { ...keyHeader(row, server), ...server.resource.headers }
  return Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`])
}

function settings(server: Server): readonly string[] {
  return Object.entries(baseUrl(server) ?? {}).flatMap(([name, value]) => ['--env', `${name}=${value}`])
}

function bridge(server: Server): readonly string[] {
  return programOf(pentauthWords(server, 'bridge'), server.os)
}
