import { execFile } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Example, examples } from './doc-comments.ts'

// Every `@example` of every doc comment compiles, with imports of ours added and what docstrings.d.ts declares taken as given;
// and every function and class that core, node, browser and mcp export has one.

const docs = join(import.meta.dirname, '..')
const root = join(docs, '..')
const folder = join(docs, '.blocks', 'docstrings')
const packages = ['core', 'node', 'browser', 'mcp', 'sandbox']

type Entry = { readonly specifier: string; readonly exported: Readonly<Record<string, unknown>> }
type Found = Example & { readonly file: string; readonly name: string }

const sources = packages.flatMap((name) =>
  globSync(`packages/${name}/src/**/*.ts`, { cwd: root }).map((file) => ({ file, name })),
)
const found: readonly Found[] = sources.flatMap(({ file, name }) =>
  examples(join(root, file)).map((example) => ({ ...example, file, name })),
)
const entries: Record<string, readonly Entry[]> = {}

beforeAll(async () => {
  for (const name of packages) entries[name] = await entriesOf(name)
  rmSync(folder, { recursive: true, force: true })
  for (const { file, line, code, name } of found) {
    const path = join(folder, file.replace(/\.ts$/, `.${line}.ts`))
    mkdirSync(dirname(path), { recursive: true })
    // The code stays on its own line of the source, so that the compiler's lines are the source's.
    writeFileSync(path, `${importsFor(code, name)}export {}${'\n'.repeat(line - 1)}${code}\n`)
  }
}, 30_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('finds the examples', () => {
  for (const name of packages) expect(found.filter((example) => example.name === name)).not.toEqual([])
  expect(found.filter(({ code }) => code === '')).toEqual([])
  const tags = sources.flatMap(({ file }) => readFileSync(join(root, file), 'utf8').match(/ @example\b/g) ?? [])
  expect(found).toHaveLength(tags.length)
})

it('compiles every example', { timeout: 60_000 }, async () => {
  const problems = await run('tsc', ['-p', join(docs, 'tsconfig.docstrings.json'), '--pretty', 'false']).then(
    () => '',
    ({ stdout, message }) => String(stdout || message),
  )
  const inSource = problems.replaceAll(/^.*\.blocks\/docstrings\/(.+)\.\d+\.ts\((\d+),\d+\)/gm, '$1.ts:$2')
  expect(inSource).toBe('')
})

it('finds one for every function and class of core, node, browser and mcp', () => {
  const without = ['core', 'node', 'browser', 'mcp'].flatMap((name) => {
    const shown = new Set(found.filter((example) => example.name === name).map(({ of }) => of))
    return (entries[name] ?? []).flatMap(({ specifier, exported }) =>
      Object.entries(exported)
        .filter(([key, value]) => typeof value === 'function' && !shown.has(key) && !isOfCore(name, value))
        .map(([key]) => `${specifier}: ${key}`),
    )
  })
  expect(without).toEqual([])
})

const run = promisify(execFile)

/** What a package exports, entry by entry, as built. */
async function entriesOf(name: string): Promise<Entry[]> {
  const { exports } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
  const paths = Object.keys(exports).filter((path) => path !== './package.json')
  const specifiers = paths.map((path) => `@pentauth/${name}${path.slice(1)}`)
  return Promise.all(specifiers.map(async (specifier) => ({ specifier, exported: await import(specifier) })))
}

/** One line that imports what the code names of ours; the example's own package wins where two have the name. */
function importsFor(code: string, name: string): string {
  const taken = new Set<string>()
  const order = [name, ...packages.filter((other) => other !== name)]
  return order
    .flatMap((other) => entries[other] ?? [])
    .map(({ specifier, exported }) => {
      const names = Object.keys(exported).filter((key) => !taken.has(key) && isUsed(code, key))
      for (const key of names) taken.add(key)
      return names.length === 0 ? '' : `import { ${names.join(', ')} } from '${specifier}'; `
    })
    .join('')
}

/** Used as a name of its own: not as a property (a spread is none), not inside a word or a path. */
function isUsed(code: string, name: string): boolean {
  return new RegExp(String.raw`(?<![\w$'/-]|(?<!\.\.)\.)${name}(?![\w$'/-]|:)`).test(code)
}

/** Node and browser hand on some of core's exports; their examples stand in core. */
function isOfCore(name: string, value: unknown): boolean {
  return name !== 'core' && (entries.core ?? []).some(({ exported }) => Object.values(exported).includes(value))
}
