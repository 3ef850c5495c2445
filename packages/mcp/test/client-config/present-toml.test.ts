import { pensyve } from '@pentauth/core'
import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { type ClientConfigOptions, clientConfig } from '../../src/index.ts'

// Present files of Codex, before and after, as text.

const write = async (existing: string, options: ClientConfigOptions = {}) =>
  (await clientConfig(pensyve, 'codex', { os: 'linux', existing, ...options })).text
const table = '[mcp_servers.pensyve]\nurl = "https://mcp.pensyve.com/mcp"\nbearer_token_env_var = "PENSYVE_API_KEY"'

describe('what stands in the file stays, byte for byte', () => {
  it.each<[string, string, string]>([
    ['nothing', '', `${table}\n`],
    ['settings with comments', '# mine\nmodel = "o9" # the model\n', `# mine\nmodel = "o9" # the model\n\n${table}\n`],
    ['no last line end', '[tui]\nnotifications = true', `[tui]\nnotifications = true\n\n${table}`],
    ['an empty line at the end', '[tui]\na = 1\n\n', `[tui]\na = 1\n\n${table}\n`],
    [
      'servers in one table',
      '[mcp_servers]\nother = { url = "https://other.example" }\n',
      `[mcp_servers]\nother = { url = "https://other.example" }\n\n${table}\n`,
    ],
    [
      'large numbers and dates',
      'n = 9007199254740993\nd = 2026-11-22T07:00:00Z\nf = -0.0\n',
      `n = 9007199254740993\nd = 2026-11-22T07:00:00Z\nf = -0.0\n\n${table}\n`,
    ],
  ])('%s', async (_, before, after) => {
    expect(await write(before)).toBe(after)
    expect(await write(after)).toBe(after)
  })

  it('line ends of Windows', async () => {
    expect(await write('a = 1\r\n')).toBe(`a = 1\r\n\r\n${table.replaceAll('\n', '\r\n')}\r\n`)
  })
})

describe('an entry of the same name', () => {
  const before = `# top
[mcp_servers.other]
note = """
[mcp_servers.pensyve]
url = "no table, but a text"
"""
args = [
  "[mcp_servers.pensyve]", # nor this
  [
    "nor this",
  ],
]

# ours
[ mcp_servers . "pensyve" ] # old
url = "https://old.example"
args = [
  "]",
  [1],
]

[mcp_servers.pensyve.tools.recall]
approval_mode = "approve"
# about what follows

[[list]]
a = 1

[mcp_servers.pensyve.env]
A = 'b'
[last]
`
  const after = `# top
[mcp_servers.other]
note = """
[mcp_servers.pensyve]
url = "no table, but a text"
"""
args = [
  "[mcp_servers.pensyve]", # nor this
  [
    "nor this",
  ],
]

# ours
${table}
# about what follows

[[list]]
a = 1
[last]
`
  it('is kept unless it is to be replaced', async () => {
    expect(await caught(write(before))).toMatchObject({
      code: 'invalid_option',
      hint: expect.stringContaining('replace: true'),
    })
  })
  it('is replaced with all tables within it, and nothing else is', async () => {
    expect(await write(before, { replace: true })).toBe(after)
  })
  it('is not replaced where it has no table of its own', async () => {
    for (const existing of [
      '[mcp_servers]\npensyve = { url = "https://old.example" }\n',
      'mcp_servers.pensyve.url = "https://old.example"\n',
      'mcp_servers = { pensyve = { url = "https://old.example" } }\n',
    ]) {
      const error = await caught(write(existing, { replace: true }))
      expect(error).toMatchObject({ code: 'invalid_option', message: expect.stringContaining('without a table') })
    }
  })
})

describe('a file that is something else is refused, and never quoted', () => {
  const secret = testKey.pensyve('in the file')
  it.each([
    ['no TOML', `a = 1\nb = "${secret}\n`, 'not valid TOML (line 2)'],
    ['a key twice', `a = 1\na = "${secret}"\n`, 'not valid TOML (line 2)'],
    ['servers that are a text', `mcp_servers = "${secret}"\n`, 'something else'],
    ['a list of servers', `[[mcp_servers]]\na = "${secret}"\n`, 'something else'],
    ['servers that cannot be added to', `mcp_servers = { other = { url = "${secret}" } }\n`, 'without changing other'],
  ])('%s', async (_, existing, words) => {
    const error = await caught(write(existing))
    expect(error).toMatchObject({ code: 'invalid_option', message: expect.stringContaining(words) })
  })
})
