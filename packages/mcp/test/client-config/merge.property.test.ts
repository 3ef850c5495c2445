import { PentauthError, pensyve } from '@pentauth/core'
import fc from 'fast-check'
import { parse as parseJsonc } from 'jsonc-parser'
import { parse as parseToml, stringify as toToml } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { parse as parseYaml, stringify as toYaml } from 'yaml'
import { clientConfig, type McpClient, mcpClients } from '../../src/index.ts'

// Whatever a present file holds, and however it is laid out: everything but our entry is the same afterwards.

// biome-ignore lint/suspicious/noExplicitAny: what files hold
type Data = any

const runs = { numRuns: 100 }
const write = async (client: McpClient, existing: string, replace = false) =>
  (await clientConfig(pensyve, client, { os: 'linux', existing, replace })).text

/** Names and texts of other people, with everything that has a meaning in one of the formats. */
const word = fc.string({ unit: fc.constantFrom(...'ab -_.:#"\'[]{},=$\\/\n*&|é'), maxLength: 8 })
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    word,
    fc.integer(),
    fc.boolean(),
    fc.array(word, { maxLength: 3 }),
    fc.dictionary(word, tie('tree'), { maxKeys: 3 }),
  ),
}))
const others = fc.dictionary(
  word.filter((name) => name !== 'pensyve'),
  tree,
  { maxKeys: 3 },
)
const settings = fc.dictionary(
  word.map((name) => `other ${name}`),
  tree,
  { maxKeys: 3 },
)
const eols = fc.constantFrom('\n', '\r\n')
/** A seed for where comments stand. */
const places = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 })

/** A comment at the end of some lines and before some. */
function commented(text: string, marks: readonly boolean[], sign: string): string {
  const at = (line: number) => marks[line % marks.length]
  return text
    .split('\n')
    .map((line, number) => (at(number) ? `${line} ${sign} it's "own" [a] {b}, c:` : line))
    .flatMap((line, number) => (at(number + 3) ? [line, `${sign} [mcp_servers.pensyve] "mcpServers": {`] : [line]))
    .join('\n')
}

describe('JSON', () => {
  const layouts = fc.record({
    indent: fc.constantFrom('', ' ', '  ', '    ', '\t'),
    eol: eols,
    marks: places,
    last: fc.constantFrom('', '\n'),
  })
  const laidOut = (
    value: unknown,
    { indent, eol, marks, last }: { indent: string; eol: string; marks: boolean[]; last: string },
  ) => {
    const text = JSON.stringify(value, null, indent)
    return ((indent === '' ? text : commented(text, marks, '//')) + last).replaceAll('\n', eol)
  }

  it('gains one entry', () =>
    fc.assert(
      fc.asyncProperty(settings, fc.option(others), settings, layouts, async (first, servers, last, layout) => {
        const before = { ...first, ...(servers ? { mcpServers: servers } : {}), ...last }
        const text = laidOut(before, layout)
        const after = await write('cursor', text)
        const { mcpServers, ...rest } = parseJsonc(after)
        const { pensyve: own, ...kept } = mcpServers
        expect(own.url).toBe('https://mcp.pensyve.com/mcp')
        expect({ ...rest, ...(servers ? { mcpServers: kept } : {}) }).toEqual(parseJsonc(text))
        if (!servers) expect(kept).toEqual({})
        expect(withoutOne(text, after)).toBe(true)
        if (layout.eol === '\r\n')
          expect(after.replaceAll('\r\n', '')).not.toContain(layout.indent === '' ? '\r' : '\n')
        expect(await write('cursor', after)).toBe(after)
      }),
      runs,
    ))

  it('has one entry replaced', () =>
    fc.assert(
      fc.asyncProperty(settings, others, others, layouts, async (first, before, behind, layout) => {
        const servers = { ...before, pensyve: 'placeholder', ...behind }
        const text = laidOut({ ...first, mcpServers: servers, last: 1 }, layout)
        const [head = '', tail = ''] = text.split('"placeholder"')
        const after = await write('cursor', text, true)
        expect(after.startsWith(head) && after.endsWith(tail)).toBe(true)
        expect(parseJsonc(after).mcpServers.pensyve.url).toBe('https://mcp.pensyve.com/mcp')
        expect(await write('cursor', after, true)).toBe(after)
      }),
      runs,
    ))
})

/** Whether a text can be made of another by putting things in at no more than two places, the first of them a comma. */
function withoutOne(before: string, after: string): boolean {
  let start = 0
  while (start < before.length && before[start] === after[start]) start += 1
  let end = 0
  while (end < before.length - start && before.at(-1 - end) === after.at(-1 - end)) end += 1
  const left = before.slice(start, before.length - end)
  const added = after.slice(start, after.length - end)
  // What is left of the old text between the comma and the entry: a comment, or white space in empty brackets.
  return left.trim() === '' || added.startsWith(`,${left}`) || added.startsWith(`,${left.trimEnd()}`)
}

describe('TOML', () => {
  const layouts = fc.record({ eol: eols, marks: places })
  const laidOut = (value: object, { eol, marks }: { eol: string; marks: boolean[] }) => {
    const text = toToml(value).trimEnd()
    return `${commented(text, marks, '#')}\n`.replaceAll('\n', eol)
  }
  const table = (servers: object) => (Object.keys(servers).length > 0 ? { mcp_servers: servers } : {})
  const tables = fc.dictionary(
    word.filter((name) => name !== 'pensyve'),
    fc.dictionary(word, tree, { maxKeys: 3 }),
    { maxKeys: 3 },
  )

  it('gains one entry at its end', () =>
    fc.assert(
      fc.asyncProperty(settings, tables, layouts, async (first, servers, layout) => {
        const text = laidOut({ ...first, ...table(servers) }, layout)
        const after = await write('codex', text)
        expect(after.startsWith(text)).toBe(true)
        expect(parseToml(after)).toEqual({
          ...parseToml(text),
          mcp_servers: {
            ...(parseToml(text).mcp_servers as object),
            ...(parseToml(await write('codex', '')).mcp_servers as object),
          },
        })
        expect(await write('codex', after)).toBe(after)
      }),
      runs,
    ))

  it('has one entry replaced', () =>
    fc.assert(
      fc.asyncProperty(settings, tables, tables, layouts, async (first, before, behind, layout) => {
        const head = laidOut({ ...first, ...table(before) }, layout)
        const names = Object.keys(before)
        const rest = Object.fromEntries(Object.entries(behind).filter(([name]) => !names.includes(name)))
        const tail = laidOut({ ...table(rest), zz: { a: 1 } }, layout)
        const own = `[mcp_servers."pensyve"]${layout.eol}url = '[mcp_servers.x]'${layout.eol}b = [${layout.eol}"]",[1]]`
        const after = await write('codex', `${head}${own}${layout.eol}${tail}`, true)
        expect(after).toBe(
          `${head}${(await write('codex', '')).trimEnd().replaceAll('\n', layout.eol)}${layout.eol}${tail}`,
        )
      }),
      runs,
    ))
})

describe('YAML', () => {
  const item = fc.record({ name: word.filter((name) => name !== 'pensyve'), more: tree })
  const layouts = fc.record({
    eol: eols,
    indentSeq: fc.boolean(),
    indent: fc.constantFrom(2, 4),
    defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'BLOCK_LITERAL'),
  })

  it('gains one entry, or has it replaced', () =>
    fc.assert(
      fc.asyncProperty(
        settings,
        fc.array(item, { maxLength: 3 }),
        settings,
        layouts,
        async (first, list, last, layout) => {
          const { eol, ...options } = layout
          const value = { ...first, ...(list.length > 0 ? { mcpServers: list } : {}), [`z ${Object.keys(last)}`]: last }
          const text = toYaml(value, { ...options, lineWidth: 0 } as never).replaceAll('\n', eol)
          const after = await write('continue', text)
          const [own] = parseYaml(await write('continue', '')).mcpServers
          expect(parseYaml(after)).toEqual({
            ...parseYaml(text),
            mcpServers: [...(list.length > 0 ? parseYaml(text).mcpServers : []), own],
          })
          expect(withoutOne(text, after)).toBe(true)
          expect(await write('continue', after)).toBe(after)
          const old = after.replace('https://mcp.pensyve.com/mcp', 'https://old.example')
          expect(await write('continue', old, true)).toBe(after)
        },
      ),
      runs,
    ))
})

/** Texts that are nearly files. */
const pieces = {
  cursor: [
    '{',
    '}',
    '"mcpServers"',
    '"pensyve"',
    '"a"',
    ': ',
    ',',
    '\n',
    '  ',
    '[',
    ']',
    '// b\n',
    '/* c */',
    '1',
    '\r\n',
  ],
  codex: [
    ...[
      '[mcp_servers.pensyve]\n',
      '[mcp_servers]\n',
      '[mcp_servers.pensyve.env]\n',
      '[a]\n',
      '[[b]]\n',
      'pensyve',
      'url',
    ],
    ...[' = ', '"c"', "'[d]'", '"""\n', "'''\n", '{ ', ' }', '[', ']', '# e\n', '\n', ', ', '.', '\r\n', 'mcp_servers'],
  ],
  continue: [
    ...[
      'mcpServers:',
      'mcpServers',
      '\n',
      '  ',
      '- ',
      'name: pensyve\n',
      'name: a\n',
      'b: ',
      '|\n',
      '>-\n',
      '&c ',
      '*c',
    ],
    ...['[', ']', '{', '}', ', ', '# d\n', '"e"', '---\n', '...\n', '? ', '!!map ', '\r\n', '\t', 'f: 1\n', '  g: 2\n'],
  ],
}
const nearly = fc
  .constantFrom('cursor', 'codex', 'continue')
  .chain((client) => fc.tuple(fc.constant(client), fc.array(fc.constantFrom(...pieces[client]), { maxLength: 14 })))
  .map(([client, parts]) => [client, parts.join('')] as const)
const anything = fc.tuple(
  fc.constantFrom(...mcpClients),
  fc.oneof(
    fc.string({ unit: fc.constantFrom(...'{}[]",:=#-&*!|> \n\r\t\\/\'a1<\ufeff\0') }),
    fc.string({ unit: 'binary' }),
  ),
)

it('gives a file or says why not, whatever text it is given', () =>
  fc.assert(
    fc.asyncProperty(fc.oneof({ weight: 4, arbitrary: nearly }, anything), async ([client, existing]) => {
      const outcome = await write(client, existing, true).catch((error: unknown) => error)
      if (typeof outcome !== 'string') {
        expect(PentauthError.isInstance(outcome)).toBe(true)
        return
      }
      expect(await write(client, outcome)).toBe(outcome)
      const parse = client === 'codex' ? parseToml : client === 'cursor' ? parseJsonc : undefined
      if (parse && existing.trim() !== '') expect(rest(parse(outcome))).toEqual(rest(parse(existing)))
    }),
    { numRuns: 800 },
  ))

/** What is not ours in the data of a file. */
function rest({ mcpServers, mcp_servers, ...others }: Data = {}): object {
  const { pensyve: _, ...servers } = mcpServers ?? mcp_servers ?? {}
  return { ...others, servers }
}
