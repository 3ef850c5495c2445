import { pensyve } from '@pentauth/core'
import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { type ClientConfigOptions, clientConfig } from '../../src/index.ts'

// Present files of Continue, before and after, as text.

const write = async (existing: string, options: ClientConfigOptions = {}) =>
  (await clientConfig(pensyve, 'continue', { os: 'linux', existing, ...options })).text
const item = (indent: string) =>
  [
    '- name: pensyve',
    '  type: streamable-http',
    '  url: https://mcp.pensyve.com/mcp',
    '  requestOptions:',
    '    headers:',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference
    '      Authorization: Bearer ${{ secrets.PENSYVE_API_KEY }}',
  ]
    .map((line) => indent + line)
    .join('\n')
const head = 'name: Pensyve\nversion: 0.0.1\nschema: v1\n'

describe('what stands in the file stays, byte for byte', () => {
  it.each<[string, string, string]>([
    ['nothing', '', `${head}mcpServers:\n${item('  ')}\n`],
    ['only a comment', '# mine\n', `# mine\n${head}mcpServers:\n${item('  ')}\n`],
    ['no servers', 'name:   "Mine"\n# end\n', `name:   "Mine"\n# end\nmcpServers:\n${item('  ')}\n`],
    ['no last line end', 'name: Mine', `name: Mine\nmcpServers:\n${item('  ')}`],
    [
      'other servers, comments, quotes',
      'mcpServers:\n  # first\n  - name: "other" # o\n    url:   https://other.example # last\n\n  # end\nmodels: []\n',
      `mcpServers:\n  # first\n  - name: "other" # o\n    url:   https://other.example # last\n${item('  ')}\n\n  # end\nmodels: []\n`,
    ],
    [
      'a list that is not indented',
      'mcpServers:\n- name: other\n- name: third',
      `mcpServers:\n- name: other\n- name: third\n${item('')}`,
    ],
    ['a list of nothing', 'a: 1\nmcpServers:\nb: 2\n', `a: 1\nmcpServers:\n${item('  ')}\nb: 2\n`],
    ['a list of nothing with a comment', 'mcpServers: # none\nb: 2\n', `mcpServers: # none\n${item('  ')}\nb: 2\n`],
    ['an empty list', 'mcpServers: []\nb: 2\n', `mcpServers:\n${item('  ')}\nb: 2\n`],
    [
      'a text of several lines as the last',
      'mcpServers:\n  - name: other\n    note: |\n      a\n      - b\nb: 2\n',
      `mcpServers:\n  - name: other\n    note: |\n      a\n      - b\n${item('  ')}\nb: 2\n`,
    ],
    [
      'references to other places',
      'base: &base\n  a: 1\nmcpServers:\n  - name: other\n    b: *base\n',
      `base: &base\n  a: 1\nmcpServers:\n  - name: other\n    b: *base\n${item('  ')}\n`,
    ],
  ])('%s', async (_, before, after) => {
    expect(await write(before)).toBe(after)
    expect(await write(after)).toBe(after)
  })

  it('line ends of Windows', async () => {
    const before = 'mcpServers:\r\n  - name: other\r\n    a: |\r\n      b\r\nc: 1\r\n'
    const added = item('  ').replaceAll('\n', '\r\n')
    expect(await write(before)).toBe(`mcpServers:\r\n  - name: other\r\n    a: |\r\n      b\r\n${added}\r\nc: 1\r\n`)
  })
})

describe('an entry of the same name', () => {
  const before =
    'mcpServers:\n  - name: first\n  -  url: https://old.example # old\n     name: pensyve\n\n  # third\n  - name: third\n'
  it('is kept unless it is to be replaced', async () => {
    expect(await caught(write(before))).toMatchObject({
      code: 'invalid_option',
      hint: expect.stringContaining('replace: true'),
    })
  })
  it('is replaced in its place', async () => {
    const entry = item('   ').replace('   - ', '  -  ')
    expect(await write(before, { replace: true })).toBe(
      `mcpServers:\n  - name: first\n${entry}\n\n  # third\n  - name: third\n`,
    )
  })
})

describe('a file that is something else is refused, and never quoted', () => {
  const secret = testKey.pensyve('in the file')
  it.each([
    ['a list at its top', `- ${secret}\n`, 'no map'],
    ['a text at its top', `${secret}\n`, 'no map'],
    ['a map in brackets', `{ mcpServers: [], key: ${secret} }\n`, 'no map'],
    ['servers that are a map', `mcpServers:\n  other: ${secret}\n`, 'something else'],
    ['servers in brackets', `mcpServers: [{ name: other, key: ${secret} }]\n`, 'cannot be added to'],
    ['servers that stand elsewhere', `base: &base\n  - name: ${secret}\nmcpServers: *base\n`, 'cannot be added to'],
    ['servers that others refer to', `mcpServers: &all\n  - name: ${secret}\nb: *all\n`, 'without changing other'],
    ['a key twice', `a: 1\nb: 2\na: ${secret}\n`, 'not valid YAML (line 3)'],
    ['no YAML', `a: "${secret}\n`, 'not valid YAML'],
    ['a reference to nothing', `a: *${secret}\n`, 'cannot be followed'],
    ['several documents', `a: 1\n---\nb: ${secret}\n`, 'several documents'],
    [
      'references that grow',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdef'].map((n, i) => `${n}: &${n} [${Array(9).fill(`*${'abcde'[i]}`)}]`).join('\n')}\nmcpServers: []\n`,
      'cannot be followed',
    ],
  ])('%s', async (_, existing, words) => {
    const error = await caught(write(existing))
    expect(error).toMatchObject({ code: 'invalid_option', message: expect.stringContaining(words) })
  })
  it('an entry that others refer to is not replaced', async () => {
    const existing = 'mcpServers:\n  - name: pensyve\n    a: &a 1\n  - name: other\n    a: *a\n'
    expect((await caught(write(existing, { replace: true }))).code).toBe('invalid_option')
  })
})
