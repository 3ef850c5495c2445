import {
  defineService,
  pendium,
  pendra,
  pensyve,
  pentographer,
  profundis,
  relocate,
  type Service,
} from '@pentauth/core'
import { expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { parse as parseJson } from 'jsonc-parser'
import { parse as parseToml } from 'smol-toml'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { type ClientConfig, clientConfig, type McpClient, mcpClients, mcpService } from '../../src/index.ts'

// What is written for whom: all of it in golden/, for a person to read; and each file as its client's parser sees it.

// biome-ignore lint/suspicious/noExplicitAny: a file is read as its client does, member by member
type Data = any

const withMcp = [pendium, pensyve, profundis, pentographer]
const acme = defineService({
  id: 'acme',
  name: 'Acme',
  resources: {
    mcp: {
      url: 'https://mcp.acme.example/mcp',
      protocol: 'mcp',
      apiKey: ['x-api-key'],
      headers: { 'acme-version': '2026-01-01' },
    },
  },
  apiKey: { env: 'ACME_API_KEY', rotation: { method: 'replace' } },
  errors: [],
  links: { docs: { where: 'Acme docs' } },
  recommendations: [],
})

const keys: Record<string, string> = {
  PENDIUM_API_KEY: testKey.pendium(),
  PENSYVE_API_KEY: testKey.pensyve(),
  PROFUNDIS_API_KEY: testKey.profundis(),
  PENTOGRAPHER_API_KEY: testKey.pentographer(),
  PENTOGRAPHER_CLIENT_SECRET: testKey.pentographerSecret(),
  ACME_API_KEY: testKey.pendra(),
}
beforeEach(() => {
  for (const [name, value] of Object.entries(keys)) vi.stubEnv(name, value)
})
afterEach(() => vi.unstubAllEnvs())

/** Where each client keeps a server, written here a second time and on purpose by hand. */
const seen: Record<McpClient, (file: Data, name: string) => Data> = {
  'claude-code': (file, name) => file.mcpServers[name],
  codex: (file, name) => file.mcp_servers[name],
  gemini: (file, name) => file.mcpServers[name],
  vscode: (file, name) => file.servers[name],
  cursor: (file, name) => file.mcpServers[name],
  windsurf: (file, name) => file.mcpServers[name],
  'claude-desktop': (file, name) => file.mcpServers[name],
  cline: (file, name) => file.mcpServers[name],
  continue: (file, name) => file.mcpServers.find((entry: Data) => entry.name === name),
  zed: (file, name) => file.context_servers[name],
}

function parsed({ format, text }: ClientConfig): Data {
  if (format === 'toml') return parseToml(text)
  if (format === 'yaml') return parseYaml(text)
  return format === 'json' ? JSON.parse(text) : parseJson(text)
}

/** The headers that a client would send, its references resolved the way it resolves them. */
function sent(client: McpClient, file: Data, name: string): Record<string, string> {
  const entry = seen[client](file, name)
  if (client === 'codex') {
    const { bearer_token_env_var: bearer, env_http_headers: others = {}, http_headers: plain = {} } = entry
    const named = Object.entries<string>(others).map(([header, variable]) => [header, keys[variable]])
    return { ...plain, ...Object.fromEntries(named), ...(bearer ? { Authorization: `Bearer ${keys[bearer]}` } : {}) }
  }
  const headers: Record<string, string> = (client === 'continue' ? entry.requestOptions?.headers : entry.headers) ?? {}
  const form: { [K in McpClient]?: RegExp } = {
    'claude-code': /\$\{([A-Z_]+)\}/g,
    gemini: /\$\{([A-Z_]+)\}/g,
    cursor: /\$\{env:([A-Z_]+)\}/g,
    windsurf: /\$\{env:([A-Z_]+)\}/g,
    continue: /\$\{\{ secrets\.([A-Z_]+) \}\}/g,
  }
  const input = (id: string) => (file.inputs.find((one: Data) => one.id === id && one.password) ? answer : undefined)
  const resolve = (value: string) =>
    client === 'vscode'
      ? value.replace(/\$\{input:([\w-]+)\}/g, (_, id) => String(input(id)))
      : value.replace(form[client] ?? /$^/g, (_, variable) => String(keys[variable]))
  return Object.fromEntries(Object.entries(headers).map(([header, value]) => [header, resolve(value)]))
}
const answer = testKey.token('typed into VS Code')

describe.each(withMcp)('$name', (service: Service) => {
  it('has the files that golden/ shows', async () => {
    const shown = await Promise.all(
      mcpClients.map(async (client) => page(await clientConfig(service, client, { os: 'linux' }))),
    )
    await expect(shown.join('\n')).toMatchFileSnapshot(`golden/${service.id}.md`)
  })

  it.each(mcpClients)('has the URL and only the header it takes, in %s', async (client) => {
    const config = await clientConfig(service, client, { os: 'linux' })
    const file = parsed(config)
    const entry = seen[client](file, service.id)
    expect(entry.command === undefined).toBe(config.credential !== 'bridge')
    if (config.credential === 'bridge') {
      expect([entry.command, ...entry.args].join(' ')).toBe(`npx -y pentauth bridge ${service.id}`)
    } else {
      expect(entry.url ?? entry.serverUrl).toBe(service.resources.mcp?.url)
    }
    const key = client === 'vscode' ? answer : keys[service.apiKey?.env ?? '']
    expect(sent(client, file, service.id)).toEqual(
      config.credential === 'api-key' ? { Authorization: `Bearer ${key}` } : {},
    )
  })

  it('has no key in any output, though the environment holds it', async () => {
    for (const client of mcpClients) {
      for (const credential of [undefined, 'api-key', 'oauth', 'helper', 'bridge'] as const) {
        const config = await clientConfig(service, client, { credential }).catch((error: unknown) => error)
        expectNoMarker(config)
      }
    }
  })
})

/** One client as the golden file shows it. */
function page({ client, credential, path, format, text, commands, notes, env }: ClientConfig): string {
  return [
    `## ${client}: ${credential}`,
    `\`${path}\`${env.length > 0 ? `, with ${env.join(', ')} set` : ''}`,
    `\`\`\`${format}\n${text.trimEnd()}\n\`\`\``,
    ...commands.map(({ purpose, posix }) => `- ${purpose}: \`${posix}\``),
    ...notes.map((note) => `- ${note}`),
    '',
  ].join('\n')
}

it('takes x-api-key from the definition, and writes the other headers of the resource', async () => {
  for (const client of mcpClients) {
    const config = await clientConfig(acme, client)
    if (config.credential === 'bridge') continue
    const key = client === 'vscode' ? answer : keys.ACME_API_KEY
    expect(sent(client, parsed(config), 'acme')).toEqual({ 'x-api-key': key, 'acme-version': '2026-01-01' })
  }
})

it('has a helper command for Claude Code and Codex', async () => {
  const claude = parsed(await clientConfig(pensyve, 'claude-code', { credential: 'helper' }))
  expect(claude.mcpServers.pensyve).toEqual({
    type: 'http',
    url: 'https://mcp.pensyve.com/mcp',
    headersHelper: 'npx -y pentauth headers pensyve',
  })
  const launcher = ['/opt/my tools/pentauth']
  const { text } = await clientConfig(pensyve, 'codex', { credential: 'helper', launcher, os: 'linux' })
  expect(text).toBe(
    `[mcp_servers.pensyve]\nurl = "https://mcp.pensyve.com/mcp"\nhttp_headers_helper = "'/opt/my tools/pentauth' headers pensyve"\n`,
  )
})

it('lets the variables of the service through to the bridge where the client holds them back', async () => {
  const codex = parsed(await clientConfig(pentographer, 'codex', { credential: 'bridge', os: 'linux' }))
  expect(codex.mcp_servers.pentographer).toEqual({
    command: 'npx',
    args: ['-y', 'pentauth', 'bridge', 'pentographer'],
    env_vars: ['PENTOGRAPHER_API_KEY', 'PENTOGRAPHER_CLIENT_ID', 'PENTOGRAPHER_CLIENT_SECRET'],
    startup_timeout_sec: 60,
  })
  const gemini = parsed(await clientConfig(profundis, 'gemini', { credential: 'bridge', os: 'linux' }))
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference
  expect(gemini.mcpServers.profundis.env).toEqual({ PROFUNDIS_API_KEY: '${PROFUNDIS_API_KEY}' })
})

it('starts programs through cmd on Windows, and nowhere else', async () => {
  const windows = parsed(await clientConfig(pensyve, 'zed', { os: 'win32' }))
  expect(windows.context_servers.pensyve.command).toBe('cmd')
  expect(windows.context_servers.pensyve.args).toEqual(['/c', 'npx', '-y', 'pentauth', 'bridge', 'pensyve'])
  const mac = parsed(await clientConfig(pensyve, 'zed', { os: 'darwin' }))
  expect(mac.context_servers.pensyve.command).toBe('npx')
})

it('says commands that Git Bash and PowerShell leave as they are', async () => {
  const { commands } = await clientConfig(pensyve, 'claude-code', { credential: 'bridge', os: 'win32' })
  expect(commands[0]).toEqual({
    purpose: 'Write the entry with Claude Code',
    posix: 'MSYS_NO_PATHCONV=1 claude mcp add --scope user pensyve -- cmd /c npx -y pentauth bridge pensyve',
    powershell: "claude mcp add --scope user pensyve '--' cmd /c npx -y pentauth bridge pensyve",
  })
})

it('tells the bridge where a moved service is, and shows no plugin that knows only the cloud', async () => {
  const here = relocate(pensyve, {
    'https://api.pensyve.com': 'http://127.0.0.1:4100',
    'https://mcp.pensyve.com': 'http://127.0.0.1:4100',
  })
  const bridge = await clientConfig(here, 'claude-desktop')
  expect(parsed(bridge).mcpServers.pensyve.env).toEqual({ PENSYVE_BASE_URL: 'http://127.0.0.1:4100' })
  const claude = await clientConfig(here, 'claude-code')
  expect(parsed(claude).mcpServers.pensyve.url).toBe('http://127.0.0.1:4100/mcp')
  expect(claude.commands.map(({ posix }) => posix).join('\n')).not.toContain('plugins')
  expect([...claude.notes, ...bridge.notes].join()).not.toContain('closed')
  expect((await clientConfig(here, 'codex', { credential: 'helper' })).env).toEqual(['PENSYVE_BASE_URL'])
})

it('signs in to any MCP server, and bridges it by its address', async () => {
  const any = mcpService('https://mcp.acme.example/mcp')
  expect(parsed(await clientConfig(any, 'cursor')).mcpServers['mcp-mcp-acme-example']).toEqual({
    url: 'https://mcp.acme.example/mcp',
  })
  const desktop = await clientConfig(any, 'claude-desktop', { os: 'linux', name: 'acme' })
  expect(parsed(desktop).mcpServers.acme.args.at(-1)).toBe('https://mcp.acme.example/mcp')
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what a shell or a client would fill in
  const odd = mcpService('https://mcp.acme.example/${HOME}/$(id)/`x`/mcp')
  const { text, commands } = await clientConfig(odd, 'claude-code', { name: 'odd' })
  expect(text).toContain('"https://mcp.acme.example/%24%7BHOME%7D/%24%28id%29/%60x%60/mcp"')
  expect(commands[0]?.posix).toContain(' https://mcp.acme.example/%24%7BHOME%7D/%24%28id%29/%60x%60/mcp')
})

it.each([
  [`\${env:HOME}`, 'env:HOME'],
  [`Acme \${{ secrets.K }}`, 'Acme secrets.K'],
  ['%USERPROFILE%', 'USERPROFILE'],
  ['a\u202e\n  b', 'a b'],
  ['{}', 'mcp-mcp-acme-example'],
])('writes the name %j of a service as nothing that a client fills in', async (name, shown) => {
  const service = mcpService('https://mcp.acme.example/mcp', { name, apiKey: { env: 'ACME_API_KEY' } })
  const { text } = await clientConfig(service, 'continue')
  expect(parseYaml(text)).toMatchObject({ name: shown })
  const { inputs } = parseJson((await clientConfig(service, 'vscode', { credential: 'api-key' })).text)
  expect(inputs).toMatchObject([{ description: `${shown} API key` }])
})

it('has no configuration for Pendra, which has no MCP server', async () => {
  await expect(clientConfig(pendra, 'cursor')).rejects.toMatchObject({ code: 'invalid_option', service: 'pendra' })
})
