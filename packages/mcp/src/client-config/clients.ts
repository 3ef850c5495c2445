import { continueFile, inputOf, withoutUndefined } from './entry-parts.ts'

/** The clients whose configuration can be written. */
export type McpClient =
  | 'claude-code'
  | 'codex'
  | 'gemini'
  | 'vscode'
  | 'cursor'
  | 'windsurf'
  | 'claude-desktop'
  | 'cline'
  | 'continue'
  | 'zed'

/** How a client comes to a credential; see `ClientConfigOptions.credential`. */
export type ClientCredential = 'api-key' | 'oauth' | 'helper' | 'bridge'

/** A server that the client asks over HTTP, as its entry may need it. */
export interface RemoteServer {
  readonly name: string
  readonly url: string
  /** All headers, the key in the client's own reference; undefined where there is none. */
  readonly headers: Readonly<Record<string, string>> | undefined
  /** The headers that are no secret; undefined where there is none. */
  readonly plain: Readonly<Record<string, string>> | undefined
  /** The variable that holds the key, and the header it travels in. */
  readonly key: { readonly variable: string; readonly header: 'authorization' | 'x-api-key' } | undefined
  /** The command line that prints headers. */
  readonly helper: string | undefined
}

/** A program that the client starts: `pentauth bridge`. */
export interface LocalServer {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Settings that are no secret; undefined where there is none. */
  readonly env: Readonly<Record<string, string>> | undefined
  /** Variables that the program looks at and that the client may hold back. */
  readonly lets: readonly string[]
}

/** Parsed JSON, TOML or YAML of one entry. */
export type Entry = Readonly<Record<string, unknown>>

/** A file: `~` is the home folder, `{config}` where the system keeps settings of applications. */
type Place = string | { readonly linux: string; readonly darwin: string; readonly win32: string }

export interface ClientRow {
  readonly title: string
  readonly format: 'json' | 'jsonc' | 'toml' | 'yaml'
  readonly user: Place
  readonly project?: string
  /** The key at the top under which servers stand. */
  readonly servers: string
  /** How the client refers to a variable; absent where it cannot. */
  readonly reference?: (variable: string, name: string) => string
  /** What the file must ask the user for, besides the entry. */
  readonly input?: typeof inputOf
  /** What a new file holds, where that is more than the servers. */
  readonly file?: typeof continueFile
  readonly remote?: (server: RemoteServer) => Entry
  readonly local: (server: LocalServer) => Entry
  /** Whether it can take headers from a command. */
  readonly helper?: true
  /** Whether it signs in by OAuth with nothing but the URL in its file. */
  readonly oauth?: true
  /** What its names of servers may be. */
  readonly names?: { readonly form: RegExp; readonly words: string }
  /** What to know, by how the credential comes. */
  readonly notes: { readonly [K in ClientCredential | 'always' | 'user' | 'project']?: string }
}

const braces = (variable: string): string => `\${${variable}}`
const braceEnv = (variable: string): string => `\${env:${variable}}`

/** The ten shapes. Undefined members are left out of the file. */
export const clients: Readonly<Record<McpClient, ClientRow>> = {
  'claude-code': {
    title: 'Claude Code',
    format: 'json',
    user: '~/.claude.json',
    project: '.mcp.json',
    servers: 'mcpServers',
    reference: braces,
    remote: ({ url, headers, helper }) => ({ type: 'http', url, headers, headersHelper: helper }),
    local: ({ command, args, env }) => ({ type: 'stdio', command, args, env }),
    helper: true,
    oauth: true,
    notes: {
      user: 'Claude Code writes this file itself: end it before you do, or use the command.',
      'api-key':
        'Claude Code warns about a variable that is not set and then sends the reference as it is written, which the service refuses: set it where Claude Code starts.',
      oauth: 'In Claude Code run /mcp and choose Authenticate.',
      helper:
        'Claude Code runs the command when it connects and not again when a request is refused: reconnect with /mcp after you changed the credential.',
    },
  },
  codex: {
    title: 'Codex CLI',
    format: 'toml',
    user: '~/.codex/config.toml',
    project: '.codex/config.toml',
    servers: 'mcp_servers',
    // Names of variables only; what refers to one inside a text is sent as it is written.
    reference: (variable) => variable,
    remote: ({ url, key, plain, helper }) => ({
      url,
      bearer_token_env_var: key?.header === 'authorization' ? key.variable : undefined,
      env_http_headers: key?.header === 'x-api-key' ? { 'x-api-key': key.variable } : undefined,
      http_headers: plain,
      http_headers_helper: helper,
    }),
    // Codex hands a program only the variables that are named, and waits for its start 10 seconds unless told.
    local: ({ command, args, env, lets }) => ({ command, args, env, env_vars: lets, startup_timeout_sec: 60 }),
    helper: true,
    oauth: true,
    notes: {
      project: 'Codex reads .codex/config.toml only in a project that it trusts.',
      'api-key': 'The variable must be set where Codex starts.',
      oauth: 'Codex signs in with the command codex mcp login.',
      helper: 'http_headers_helper needs Codex 0.169 or newer.',
    },
  },
  gemini: {
    title: 'Gemini CLI',
    format: 'json',
    user: '~/.gemini/settings.json',
    project: '.gemini/settings.json',
    servers: 'mcpServers',
    reference: braces,
    remote: ({ url, headers }) => ({ url, type: 'http', headers }),
    // Gemini CLI holds back variables that look like secrets unless they are named; one that is not set becomes empty.
    local: ({ command, args, env, lets }) => ({
      command,
      args,
      env: withoutUndefined({ ...env, ...Object.fromEntries(lets.map((name) => [name, braces(name)])) }),
    }),
    oauth: true,
    // It cuts the names of tools at underscores.
    names: { form: /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, words: 'letters, digits and dashes' },
    notes: {
      project: 'Gemini CLI connects to nothing in a folder that it does not trust.',
      'api-key': 'A variable that is not set becomes an empty text: the service then says that the key is missing.',
      oauth:
        'In Gemini CLI run /mcp auth with the name of the server; it listens on http://localhost:7777 for the answer.',
    },
  },
  vscode: {
    title: 'VS Code',
    format: 'jsonc',
    user: '{config}/Code/User/mcp.json',
    project: '.vscode/mcp.json',
    servers: 'servers',
    reference: (_, name) => `\${input:${inputOf(name).id}}`,
    input: inputOf,
    remote: ({ url, headers }) => ({ type: 'http', url, headers }),
    local: ({ command, args, env }) => ({ type: 'stdio', command, args, env }),
    oauth: true,
    notes: {
      'api-key': 'VS Code asks for the key once, when the server starts, and keeps it in its secret storage.',
      oauth: 'VS Code asks to sign in when the server starts.',
    },
  },
  cursor: {
    title: 'Cursor',
    format: 'json',
    user: '~/.cursor/mcp.json',
    project: '.cursor/mcp.json',
    servers: 'mcpServers',
    reference: braceEnv,
    remote: ({ url, headers }) => ({ url, headers }),
    local: ({ command, args, env }) => ({ type: 'stdio', command, args, env }),
    oauth: true,
    notes: {
      'api-key':
        'Cursor ignores headers when the server answers OAuth discovery; if it asks you to sign in, write the entry with the credential "bridge". The variable must be set where Cursor starts.',
      oauth: "Sign in from Cursor's MCP settings.",
    },
  },
  windsurf: {
    title: 'Windsurf',
    format: 'json',
    user: '~/.codeium/windsurf/mcp_config.json',
    servers: 'mcpServers',
    reference: braceEnv,
    remote: ({ url, headers }) => ({ serverUrl: url, headers }),
    local: ({ command, args, env }) => ({ command, args, env }),
    oauth: true,
    notes: {
      'api-key': 'The variable must be set where Windsurf starts.',
      oauth: 'Windsurf asks to sign in when it connects.',
    },
  },
  'claude-desktop': {
    title: 'Claude Desktop',
    format: 'json',
    user: '{config}/Claude/claude_desktop_config.json',
    servers: 'mcpServers',
    local: ({ command, args, env }) => ({ command, args, env }),
    notes: {
      always:
        'The file of Claude Desktop knows only programs; without one, add the URL under Settings > Connectors and sign in there. Restart Claude Desktop after a change.',
    },
  },
  cline: {
    title: 'Cline',
    format: 'json',
    user: '~/.cline/data/settings/cline_mcp_settings.json',
    servers: 'mcpServers',
    remote: ({ url, headers }) => ({ type: 'streamableHttp', url, headers, disabled: false }),
    local: ({ command, args, env }) => ({ type: 'stdio', command, args, env, disabled: false }),
    oauth: true,
    notes: {
      always:
        'In an editor, open the file with MCP Servers > Configure: Cline has another one there. CLINE_MCP_SETTINGS_PATH moves the one of the command line.',
      oauth: 'Cline asks to sign in, and keeps what it gets in this same file.',
      bridge: 'Cline knows no variables in this file, so a key would stand there in plain text.',
    },
  },
  continue: {
    title: 'Continue',
    format: 'yaml',
    user: '~/.continue/mcpServers/{name}.yaml',
    project: '.continue/mcpServers/{name}.yaml',
    servers: 'mcpServers',
    reference: (variable) => `\${{ secrets.${variable} }}`,
    file: continueFile,
    remote: ({ name, url, headers }) => ({
      name,
      type: 'streamable-http',
      url,
      requestOptions: headers ? { headers } : undefined,
    }),
    local: ({ name, command, args, env }) => ({ name, type: 'stdio', command, args, env }),
    notes: {
      'api-key': 'Continue looks for the secret in a .env file: in its own folder, or in that of the project.',
      bridge: 'Continue signs nobody in by itself.',
    },
  },
  zed: {
    title: 'Zed',
    format: 'jsonc',
    user: {
      linux: '{config}/zed/settings.json',
      darwin: '~/.config/zed/settings.json',
      win32: '{config}/Zed/settings.json',
    },
    project: '.zed/settings.json',
    servers: 'context_servers',
    remote: ({ url, headers }) => ({ url, headers }),
    local: ({ command, args, env }) => ({ command, args, env }),
    oauth: true,
    notes: {
      oauth: 'Zed signs in by OAuth where an entry has no headers.',
      bridge: 'Zed knows no variables in this file, so a key would stand there in plain text.',
    },
  },
}
