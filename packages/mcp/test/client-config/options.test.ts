import { pendium, pensyve, pentographer, profundis, type Service } from '@pentauth/core'
import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { type ClientConfigOptions, clientConfig, type McpClient, mcpClients, mcpService } from '../../src/index.ts'

describe('the path', () => {
  const user: [McpClient, string, string, string][] = [
    ['claude-code', '~/.claude.json', '~/.claude.json', '%USERPROFILE%\\.claude.json'],
    ['codex', '~/.codex/config.toml', '~/.codex/config.toml', '%USERPROFILE%\\.codex\\config.toml'],
    ['gemini', '~/.gemini/settings.json', '~/.gemini/settings.json', '%USERPROFILE%\\.gemini\\settings.json'],
    [
      'vscode',
      '~/.config/Code/User/mcp.json',
      '~/Library/Application Support/Code/User/mcp.json',
      '%APPDATA%\\Code\\User\\mcp.json',
    ],
    ['cursor', '~/.cursor/mcp.json', '~/.cursor/mcp.json', '%USERPROFILE%\\.cursor\\mcp.json'],
    [
      'windsurf',
      '~/.codeium/windsurf/mcp_config.json',
      '~/.codeium/windsurf/mcp_config.json',
      '%USERPROFILE%\\.codeium\\windsurf\\mcp_config.json',
    ],
    [
      'claude-desktop',
      '~/.config/Claude/claude_desktop_config.json',
      '~/Library/Application Support/Claude/claude_desktop_config.json',
      '%APPDATA%\\Claude\\claude_desktop_config.json',
    ],
    [
      'cline',
      '~/.cline/data/settings/cline_mcp_settings.json',
      '~/.cline/data/settings/cline_mcp_settings.json',
      '%USERPROFILE%\\.cline\\data\\settings\\cline_mcp_settings.json',
    ],
    [
      'continue',
      '~/.continue/mcpServers/pensyve.yaml',
      '~/.continue/mcpServers/pensyve.yaml',
      '%USERPROFILE%\\.continue\\mcpServers\\pensyve.yaml',
    ],
    ['zed', '~/.config/zed/settings.json', '~/.config/zed/settings.json', '%APPDATA%\\Zed\\settings.json'],
  ]
  it.each(user)('of %s is where each system has it', async (client, linux, darwin, win32) => {
    const path = async (options: ClientConfigOptions) => (await clientConfig(pensyve, client, options)).path
    expect([await path({ os: 'linux' }), await path({ os: 'darwin' }), await path({ os: 'win32' })]).toEqual([
      linux,
      darwin,
      win32,
    ])
  })

  it('begins with the folders that are given', async () => {
    const path = async (options: ClientConfigOptions) => (await clientConfig(pensyve, 'vscode', options)).path
    expect(await path({ os: 'linux', home: '/h/$&da/' })).toBe('/h/$&da/.config/Code/User/mcp.json')
    expect(await path({ os: 'linux', home: '/h/ada', configHome: '/c' })).toBe('/c/Code/User/mcp.json')
    expect(await path({ os: 'win32', home: 'D:\\ada' })).toBe('D:\\ada\\AppData\\Roaming\\Code\\User\\mcp.json')
    expect(await path({ os: 'freebsd', home: '/h/ada' })).toBe('/h/ada/.config/Code/User/mcp.json')
  })

  it('is in the project where the client has one there', async () => {
    const path = async (client: McpClient, os: 'linux' | 'win32' = 'linux') =>
      (await clientConfig(pensyve, client, { os, scope: 'project' })).path
    const clients = ['claude-code', 'codex', 'gemini', 'vscode', 'cursor', 'continue', 'zed'] as const
    expect(await Promise.all(clients.map((client) => path(client)))).toEqual([
      '.mcp.json',
      '.codex/config.toml',
      '.gemini/settings.json',
      '.vscode/mcp.json',
      '.cursor/mcp.json',
      '.continue/mcpServers/pensyve.yaml',
      '.zed/settings.json',
    ])
    expect(await path('cursor', 'win32')).toBe('.cursor\\mcp.json')
    for (const client of ['windsurf', 'claude-desktop', 'cline'] as const) {
      await expect(path(client)).rejects.toMatchObject({ code: 'invalid_option' })
    }
  })
})

describe('the way to a credential', () => {
  const ways = async (service: Parameters<typeof clientConfig>[0]) => {
    const clients = ['claude-code', 'codex', 'cursor', 'claude-desktop', 'continue', 'zed'] as const
    return (await Promise.all(clients.map((client) => clientConfig(service, client)))).map(
      ({ credential }) => credential,
    )
  }
  it('is what the service advises and both can do', async () => {
    expect(await ways(pendium)).toEqual(['oauth', 'oauth', 'oauth', 'bridge', 'bridge', 'oauth'])
    expect(await ways(pensyve)).toEqual(['api-key', 'api-key', 'api-key', 'bridge', 'api-key', 'bridge'])
    expect(await ways(profundis)).toEqual(['oauth', 'oauth', 'oauth', 'bridge', 'api-key', 'oauth'])
    expect(await ways(pentographer)).toEqual(['api-key', 'api-key', 'api-key', 'bridge', 'api-key', 'bridge'])
  })

  it.each([
    [pendium, 'cursor', 'api-key', 'takes no API keys'],
    [pentographer, 'cursor', 'oauth', 'signs no people in'],
    [pensyve, 'zed', 'api-key', 'knows no variables'],
    [pensyve, 'claude-desktop', 'oauth', 'signs nobody in'],
    [pensyve, 'cursor', 'helper', 'runs no command'],
    [pensyve, 'cursor', 'password', 'can be api-key, oauth, bridge'],
  ] as const)('is refused with what works instead: %o in %s by %s', async (service, client, credential, words) => {
    const error = await caught(clientConfig(service, client, { credential: credential as 'oauth' }))
    expect(error).toMatchObject({ code: 'invalid_option', hint: expect.stringContaining(words) })
    expect(error.hint).toMatch(/The option "credential" can be .*bridge\.$/)
  })
})

describe('an option that cannot be followed is refused', () => {
  const refusal = (options: object, client = 'cursor') =>
    caught(clientConfig(pensyve, client as McpClient, options as ClientConfigOptions))

  it.each([
    { name: '' },
    { name: null },
    { name: 'two words' },
    { name: '__proto__' },
    { name: 'a.b' },
    { name: '-dash' },
    { name: 'x'.repeat(65) },
    { name: "a'; id #" },
    { os: 'windows' },
    { scope: 'local' },
    { home: ' ' },
    { home: 5 },
    { configHome: 'a\0', os: 'linux' },
    { resource: 'rest' },
    { header: 'x-api-key' },
    { variable: '' },
    { variable: 'a b' },
    { variable: '$KEY' },
    { launcher: [] },
    { launcher: 'npx pentauth' },
    { launcher: ['$(id)'] },
    { existing: 5 },
  ])('%o', async (options) => {
    expect(await refusal(options, 'home' in options || 'configHome' in options ? 'vscode' : 'cursor')).toMatchObject({
      code: 'invalid_option',
      hint: expect.any(String),
    })
  })

  it('a client that is no name of ours', async () => {
    for (const client of ['netscape', 'toString', '__proto__', null as never]) {
      expect(await refusal({}, client)).toMatchObject({ code: 'invalid_option', hint: expect.stringContaining('zed') })
    }
  })

  it('an underscore in a name for Gemini CLI only', async () => {
    expect((await refusal({ name: 'my_memory' }, 'gemini')).code).toBe('invalid_option')
    expect((await clientConfig(pensyve, 'codex', { name: 'my_memory' })).name).toBe('my_memory')
  })

  it('a key in the place of its variable, without showing it', async () => {
    for (const variable of [testKey.pensyve(), testKey.profundis(), testKey.pensyve().toLowerCase()]) {
      expect((await refusal({ variable })).code).toBe('invalid_option')
    }
  })

  describe.each(['sk-live-12345678', `X}","Y":"\${Z`, 'A$(id)', 'A\nB', 'K;rm', ''])('a service with %j', (env) => {
    const url = 'https://mcp.acme.example/mcp'
    const acme = (rules: Partial<Service>): Service => ({
      ...mcpService(url, { apiKey: { env: 'ACME_KEY' } }),
      ...rules,
    })
    const withKey = acme({ apiKey: { env, rotation: { method: 'replace' } } })
    it.each(mcpClients)('for the name of a variable, in %s', async (client) => {
      const ways = ['api-key', 'bridge'] as const
      for (const credential of ways) {
        const error = await caught(clientConfig(withKey, client, { credential }))
        expect(error).toMatchObject({ code: 'invalid_option', service: withKey.id })
        if (env) expect(`${error.message}${error.hint}`).not.toContain(env)
      }
    })

    it('for the name of a variable of its OAuth client', async () => {
      const grants = ['client_credentials'] as const
      for (const rules of [{ clientIdEnv: env }, { clientIdEnv: 'ACME_ID', clientSecretEnv: env }]) {
        const service = acme({ oauth: { grants, tokenEndpointAuthMethod: 'none', ...rules } })
        const error = await caught(clientConfig(service, 'codex', { credential: 'bridge' }))
        expect(error).toMatchObject({ code: 'invalid_option', hint: expect.stringContaining('clientSecretEnv') })
      }
    })

    it('unless the option "variable" names one', async () => {
      const { text } = await clientConfig(withKey, 'cursor', { variable: 'ACME_KEY', credential: 'api-key' })
      expect(text).toContain(`Bearer \${env:ACME_KEY}`)
    })
  })

  it('a command line that the Windows shell would take apart', async () => {
    const launcher = ['C:\\R&D\\pentauth.cmd']
    expect((await refusal({ launcher, os: 'win32', credential: 'bridge' })).code).toBe('invalid_option')
    expect((await refusal({ launcher, os: 'win32', credential: 'helper' }, 'codex')).code).toBe('invalid_option')
  })
})

it('loads a parser only for the client that needs it', async () => {
  const loaded: string[] = []
  const { vi } = await import('vitest')
  vi.resetModules()
  for (const parser of ['jsonc-parser', 'smol-toml', 'yaml']) {
    vi.doMock(parser, async (original) => {
      loaded.push(parser)
      return await original()
    })
  }
  const fresh = await import('../../src/index.ts')
  expect(loaded).toEqual([])
  await fresh.clientConfig(pensyve, 'codex')
  expect(loaded).toEqual(['smol-toml'])
  await fresh.clientConfig(pensyve, 'continue')
  expect(loaded).toEqual(['smol-toml', 'yaml'])
})

describe('the command of a server that pentauth knows by its address only', () => {
  const url = 'https://mcp.acme.example/mcp'
  const commandOf = async (options: Parameters<typeof mcpService>[1], more: ClientConfigOptions = {}) => {
    const given = { credential: 'helper', os: 'linux', launcher: ['pentauth'], ...more } as const
    const { text } = await clientConfig(mcpService(url, options), 'claude-code', given)
    return Object.values(JSON.parse(text).mcpServers as Record<string, { headersHelper: string }>)[0]?.headersHelper
  }

  it('says where its key is, and in which header it travels', async () => {
    expect(await commandOf({ apiKey: { env: 'ACME_KEY' } })).toBe(`pentauth headers ${url} --api-key-env ACME_KEY`)
    expect(await commandOf({ apiKey: { env: 'ACME_KEY', header: 'x-api-key' } })).toBe(
      `pentauth headers ${url} --api-key-env ACME_KEY --api-key-header x-api-key`,
    )
  })

  it('says what is unlike others about it, and whose sign-in is meant', async () => {
    expect(await commandOf({})).toBe(`pentauth headers ${url}`)
    expect(
      await commandOf(
        { omitResourceParameter: true, scopeOnRefresh: true, legacyEndpoints: true },
        { account: 'at work' },
      ),
    ).toBe(`pentauth headers ${url} --no-resource-parameter --scope-on-refresh --legacy-endpoints --account 'at work'`)
    const { text } = await clientConfig(pensyve, 'claude-desktop', { os: 'linux', account: 'work' })
    expect(JSON.parse(text).mcpServers.pensyve.args).toEqual([
      '-y',
      'pentauth',
      'bridge',
      'pensyve',
      '--account',
      'work',
    ])
  })

  it.each(['', '-x', '$HOME', 'a\nb', 7])('takes no account %j', async (account) => {
    const error = await caught(clientConfig(pensyve, 'codex', { account: account as string }))
    expect(error).toMatchObject({ code: 'invalid_option' })
  })
})
