import { pensyve } from '@pentauth/core'
import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { type ClientConfigOptions, clientConfig, type McpClient } from '../../src/index.ts'

// Present JSON files, before and after, as text.

const write = async (existing: string, options: ClientConfigOptions = {}, client: McpClient = 'cursor') =>
  (await clientConfig(pensyve, client, { os: 'linux', existing, ...options })).text

// biome-ignore lint/suspicious/noTemplateCurlyInString: a reference
const oneLine = '{"url":"https://mcp.pensyve.com/mcp","headers":{"Authorization":"Bearer ${env:PENSYVE_API_KEY}"}}'
const lines = (indent: string, unit = '  ') =>
  JSON.stringify(JSON.parse(oneLine), null, unit).replaceAll('\n', `\n${indent}`)

describe('what stands in the file stays, byte for byte', () => {
  it.each<[string, string, string]>([
    ['nothing', '', `{\n  "mcpServers": {\n    "pensyve": ${lines('    ')}\n  }\n}\n`],
    ['white space', ' \n', `{\n  "mcpServers": {\n    "pensyve": ${lines('    ')}\n  }\n}\n`],
    ['an empty object', '{}', `{"mcpServers": {"pensyve":${oneLine}}}`],
    ['an empty object over two lines', '{\n}\n', `{\n  "mcpServers": {\n    "pensyve": ${lines('    ')}\n  }\n}\n`],
    [
      'other servers and settings',
      '{\n  "theme": "dark",\n  "mcpServers": {\n    "other": { "url":   "https://other.example" }\n  },\n  "last": [1,2]\n}\n',
      `{\n  "theme": "dark",\n  "mcpServers": {\n    "other": { "url":   "https://other.example" },\n    "pensyve": ${lines('    ')}\n  },\n  "last": [1,2]\n}\n`,
    ],
    [
      'comments and last commas',
      '// mine\n{\n  "mcpServers": { // servers\n    "other": {}, // the other\n    /* to do */\n  },\n}',
      `// mine\n{\n  "mcpServers": { // servers\n    "other": {}, // the other\n    /* to do */\n    "pensyve": ${lines('    ')},\n  },\n}`,
    ],
    [
      'a comment behind the last member, which stays behind it',
      '{\n\t"mcpServers": {\n\t\t"other": {} // the other, not "pensyve"\n\t}\n}\n',
      `{\n\t"mcpServers": {\n\t\t"other": {}, // the other, not "pensyve"\n\t\t"pensyve": ${lines('\t\t', '\t')}\n\t}\n}\n`,
    ],
    [
      'four spaces, an empty list of servers',
      '{\n    "a": 1,\n    "mcpServers": {}\n}\n',
      `{\n    "a": 1,\n    "mcpServers": {\n        "pensyve": ${lines('        ', '    ')}\n    }\n}\n`,
    ],
    [
      'all on one line',
      '{"a":1,"mcpServers":{"other":{}}}\n',
      `{"a":1,"mcpServers":{"other":{}, "pensyve": ${oneLine}}}\n`,
    ],
    [
      'a key that looks like code',
      '{"__proto__":{"a":1}}',
      `{"__proto__":{"a":1}, "mcpServers": {"pensyve":${oneLine}}}`,
    ],
    [
      'only comments',
      '// nothing yet',
      `// nothing yet\n{\n  "mcpServers": {\n    "pensyve": ${lines('    ')}\n  }\n}`,
    ],
  ])('%s', async (_, before, after) => {
    expect(await write(before)).toBe(after)
    // The same once more changes nothing, and neither does the order to replace it.
    expect(await write(after)).toBe(after)
    expect(await write(after, { replace: true })).toBe(after)
  })

  it('line ends of Windows and a byte order mark', async () => {
    const before = '\ufeff{\r\n  "mcpServers": {\r\n    "other": {}\r\n  }\r\n}\r\n'
    const after = await write(before)
    expect(after).toBe(
      `\ufeff{\r\n  "mcpServers": {\r\n    "other": {},\r\n    "pensyve": ${lines('    ').replaceAll('\n', '\r\n')}\r\n  }\r\n}\r\n`,
    )
    expect(after.replaceAll('\r\n', '')).not.toContain('\n')
  })

  it('the questions of VS Code, and one of the same id is not asked twice', async () => {
    const own =
      '{\n  "inputs": [\n    { "type": "command", "id": "pensyve-api-key" } // mine\n  ],\n  "servers": {}\n}\n'
    const kept = await write(own, {}, 'vscode')
    expect(kept).toContain('    { "type": "command", "id": "pensyve-api-key" } // mine\n  ],\n')
    const other = await write('{\n  "inputs": [\n    { "id": "x" } // x\n  ]\n}\n', {}, 'vscode')
    expect(other).toMatch(/^\{\n {2}"inputs": \[\n {4}\{ "id": "x" \}, \/\/ x\n {4}\{\n {6}"type": "promptString",\n/)
    expect(other).toMatch(/\n {4}\}\n {2}\],\n {2}"servers": \{\n/)
    expect(await write(other, {}, 'vscode')).toBe(other)
  })
})

describe('an entry of the same name', () => {
  const before =
    '{\n  "mcpServers": {\n    "pensyve": {"url": "https://old.example"}, // old\n    "other": {}\n  }\n}\n'
  it('is kept unless it is to be replaced', async () => {
    const error = await caught(write(before))
    expect(error).toMatchObject({ code: 'invalid_option', hint: expect.stringContaining('replace: true') })
    expect(error.message).not.toContain('old.example')
  })
  it('is replaced in its place', async () => {
    expect(await write(before, { replace: true })).toBe(before.replace('{"url": "https://old.example"}', lines('    ')))
  })
  it('may be called like a property of every object', async () => {
    const text = await write('{"mcpServers":{}}', { name: 'constructor' })
    expect(JSON.parse(text).mcpServers.constructor.url).toBe('https://mcp.pensyve.com/mcp')
  })
})

describe('a file that is something else is refused, and never quoted', () => {
  const secret = testKey.pensyve('in the file')
  it.each([
    ['a list at its top', `[{"key":"${secret}"}]`, 'no object'],
    ['a text at its top', `"${secret}"`, 'no object'],
    ['servers that are a list', `{"mcpServers":["${secret}"]}`, 'something else'],
    ['servers that are null', '{"mcpServers":null}', 'something else'],
    ['servers twice', `{"mcpServers":{"a":"${secret}"},"mcpServers":{}}`, '"mcpServers" twice'],
    ['the entry twice', `{"mcpServers":{"pensyve":"${secret}","pensyve":{}}}`, '"pensyve" twice'],
    ['no JSON', `{\n"mcpServers": {"other": "${secret}}\n}`, 'not valid JSON (line 2)'],
    ['an end too early', `{"mcpServers": {"a": "${secret}"`, 'not valid JSON (line 1)'],
    ['a comment without end', '/* nothing yet', 'not valid JSON'],
    ['words behind it', `{"mcpServers": {}} ${secret}`, 'not valid JSON (line 1)'],
    [
      'an entry with a key of its own',
      `{"mcpServers":{"pensyve":{"headers":{"Authorization":"Bearer ${secret}"}}}}`,
      'has an entry',
    ],
    ['far too many brackets', `{"a":${'['.repeat(200_000)}`, 'nested too deeply'],
  ])('%s', async (_, existing, words) => {
    const error = await caught(write(existing))
    expect(error).toMatchObject({ code: 'invalid_option', message: expect.stringContaining(words) })
  })
  it('questions of VS Code that are no list', async () => {
    const error = await caught(write(`{"inputs":{"a":"${secret}"}}`, {}, 'vscode'))
    expect(error).toMatchObject({ code: 'invalid_option', message: expect.stringContaining('"inputs"') })
  })
})
