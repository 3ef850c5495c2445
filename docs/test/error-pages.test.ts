import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { errorCodes, errorPages, folder, root, wordsOf } from './error-pages.ts'

// A page for each error code, complete and no more than the source says. That the messages are the real ones is
// error-messages.test.ts's to show.

const codes = errorCodes()
const pages = errorPages()
const index = readFileSync(join(folder, 'README.md'), 'utf8')
const sources = globSync('packages/{browser,core,mcp,node}/src/**/*.ts', { cwd: root })
const source = (files: readonly string[]) => files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n')

it('finds the codes and the pages', () => {
  expect(codes.length).toBeGreaterThan(25)
  expect(pages.every(({ messages }) => messages.length > 0)).toBe(true)
})

it('has one page and one row of the index for each code, and none besides', () => {
  const rows = [...index.matchAll(/^\| \[`(\w+)`\]\((\w+)\.md\) \| .+ \| .+ \|$/gm)]
  expect(pages.map(({ code }) => code)).toEqual(codes)
  expect(rows.map((row) => row[1]).sort()).toEqual(codes)
  expect(rows.filter((row) => row[1] !== row[2])).toEqual([])
})

it("has each code in one row of the table in core's README, and none besides", () => {
  const readme = readFileSync(join(root, 'packages', 'core', 'README.md'), 'utf8')
  const section = /^## Errors\n(.*?)^## /ms.exec(readme)?.[1] ?? ''
  const cells = [...section.matchAll(/^\| (`.+?) +\| .+ \|$/gm)].map((row) => row[1] ?? '')
  expect(cells.flatMap((cell) => cell.replaceAll('`', '').split(', ')).sort()).toEqual(codes)
})

it('has every part on every page, in the same order and in few lines', () => {
  const parts = ['What happened', 'Causes', 'Way out', 'Fields', 'Related']
  for (const page of pages) {
    expect(page.lines[0]).toBe(`# \`${page.code}\``)
    expect(page.parts, page.code).toEqual(parts)
    expect(page.fields, page.code).toMatch(/^\*\*Fields\.\*\* `retryable`: (?:yes|no|yes after .+, else no)\. Set/)
    expect(page.text.match(/^```ts$/gm), page.code).toHaveLength(1)
    expect(page.lines.length, page.code).toBeGreaterThanOrEqual(15)
    expect(page.lines.length, page.code).toBeLessThanOrEqual(70)
  }
})

it('has only codes that something can throw', () => {
  // schema.ts lists codes that a definition may use, events.ts and errors.ts are types.
  const throwing = source(sources.filter((file) => !/core\/src\/(?:errors|events|schema)\.ts$/.test(file)))
  expect(codes.filter((code) => !throwing.includes(`'${code}'`))).toEqual([])
})

it('quotes only messages whose words are in the source', () => {
  const text = source(sources)
  const invented = pages.flatMap(({ code, shapes }) =>
    shapes.flatMap((shape) => wordsOf(shape).flatMap((words) => (text.includes(words) ? [] : [`${code}: ${words}`]))),
  )
  expect(invented).toEqual([])
})

it('quotes every message that the source can make', () => {
  const quoted = pages.map(({ text }) => text).join('\n')
  const missing = messagesIn(source(sources)).flatMap((message) =>
    wordsOf(message).every((words) => quoted.includes(words)) ? [] : [message],
  )
  expect(messagesIn(source(sources)).length).toBeGreaterThan(45)
  expect(missing).toEqual([])
})

it('links to pages that exist, and to addresses that the definitions have', () => {
  const definitions = source(sources.filter((file) => file.includes('/services/')))
  const prose = [index, ...pages.map(({ text }) => text.replace(/^```.*?^```$/gms, ''))]
  const links = prose.flatMap((text) => [...text.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1] ?? ''))
  const known = new Set([...codes.map((code) => `${code}.md`), 'README.md#where-keys-are-made'])
  const broken = links.filter((link) =>
    link.startsWith('https:') ? !definitions.includes(`'${link}'`) : !known.has(link),
  )
  expect(links.length).toBeGreaterThan(codes.length)
  expect(broken).toEqual([])
})

const literal = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/.source
const messageIs = new RegExp(
  String.raw`\bmessage:\s*(?:withoutSecrets\(\s*|[^'"\`\n,]*\n\s*\?\s*)?(${literal})(?:\s*:\s*(${literal}))?`,
  'g',
)

/** The texts behind every `message:`, one for each branch, with `{x}` for what is put in. */
function messagesIn(text: string): string[] {
  const texts = [...text.matchAll(messageIs)].flatMap(([, one, other]) => [one ?? '', other ?? ''])
  return texts.filter(Boolean).map((quoted) => {
    const inner = quoted.slice(1, -1).replaceAll('\\${', '${').replaceAll('\\n', '')
    return inner.replace(/\$\{[^}]*(?:\}|$)/g, '{x}')
  })
}
