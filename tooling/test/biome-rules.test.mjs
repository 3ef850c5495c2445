// The rules about what a source file may say, each with a twin that breaks it: biome.json as it is, on a small tree.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { makeTree } from './make-tree.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const biome = join(dirname(fileURLToPath(import.meta.resolve('@biomejs/biome/package.json'))), 'bin', 'biome')

/**
 * @param {string} path
 * @param {string} code
 * @returns {readonly string[]} the rules that complain, plugins by their message
 */
function complaints(path, code) {
  const rules = 'tooling/rules/source.grit'
  const tree = makeTree({
    'biome.json': readFileSync(join(root, 'biome.json'), 'utf8'),
    [rules]: readFileSync(join(root, rules), 'utf8'),
    [path]: code,
  })
  const { stdout } = spawnSync(process.execPath, [biome, 'lint', '--reporter=json', '--max-diagnostics=none', path], {
    cwd: tree,
    encoding: 'utf8',
  })
  /** @type {{ diagnostics: { category: string, message: unknown }[] }} */
  const report = JSON.parse(stdout)
  return report.diagnostics.map(({ category, message }) => (category === 'plugin' ? JSON.stringify(message) : category))
}

const CORE = 'packages/core/src/twin.ts'
const THROW = 'lint/style/useThrowOnlyError'

it("Math['random'] is told off twice", () => {
  const found = complaints(CORE, "export const a = () => Math['random']()")
  expect(found).toContainEqual(expect.stringContaining('Math.random'))
})

describe('the source of core is told off for', () => {
  it.each([
    ['a Node module', "import { join } from 'node:path'\nexport const a = join", 'lint/correctness/noNodejsModules'],
    ['a thrown text', "export const a = () => { throw 'x' }", THROW],
    ['a thrown template', 'export const a = () => { throw `x` }', THROW],
    ['a thrown sum', "export const a = (x: string) => { throw 'x' + x }", THROW],
    ['a thrown object', "export const a = () => { throw { code: 'x' } }", THROW],
    ['a thrown nothing', 'export const a = () => { throw undefined }', THROW],
    ['console', 'export const a = () => console.log(1)', 'lint/suspicious/noConsole'],
    ['a default export', 'export default 1', 'lint/style/noDefaultExport'],
    ['export *', "export * from './other.ts'", 'lint/performance/noReExportAll'],
  ])('%s', (_, code, rule) => {
    expect(complaints(CORE, code)).toContain(rule)
  })

  it.each([
    ["export const a = () => new Error('x')", 'typed error'],
    ["export const a = () => { throw Error('x') }", 'typed error'],
    ["export const a = () => { throw new TypeError('x') }", 'typed error'],
    ['export const a = () => new Error', 'typed error'],
    ["export const a = () => new globalThis.Error('x')", 'typed error'],
    ["export const a = () => globalThis.TypeError('x')", 'typed error'],
    ["export const a = () => { const Own = Error; throw new Own('x') }", 'typed error'],
    ["export const a = () => { throw ['x'] }", 'typed error'],
    ["export const a = () => { throw { code: 'x' } as unknown as Failure }", 'typed error'],
    ['export const a = () => { throw { code: 1 } satisfies object }', 'typed error'],
    ['export const a = () => Math.random()', 'Math.random'],
    ['export const a = () => globalThis.Math.random()', 'Math.random'],
    ['export const a = (name: keyof typeof Math) => Math[name]', 'Math.random'],
    ['export const a = () => { const { random } = Math; return random() }', 'Math.random'],
    ['export const a = () => { const own = Math; return own.random() }', 'Math.random'],
    ['export const a = (own = Math) => own.random()', 'Math.random'],
    ['export const a = (own: { x: unknown }) => { own.x = Math }', 'Math.random'],
  ])('%s', (code, words) => {
    expect(complaints(CORE, code)).toEqual([expect.stringContaining(words)])
  })
})

it.each([
  ['an error class of its own', CORE, 'export class Typed extends Error {}'],
  ['a look at an error', CORE, 'export const a = (x: unknown) => x instanceof Error'],
  ['the rest of Math', CORE, 'export const a = (x: number) => Math.max(x, 1)'],
  ['an error passed on', CORE, 'export const a = (error: unknown) => { throw error }'],
  ['an error made elsewhere', CORE, 'export const a = (make: () => unknown) => { throw make() }'],
])('%s is fine', (_, path, code) => {
  expect(complaints(path, code)).toEqual([])
})

it('other packages have the same rules', () => {
  expect(complaints('packages/node/src/twin.ts', "export const a = () => new Error('x')")).toHaveLength(1)
  expect(complaints('packages/sandbox/src/twin.ts', 'export default 1')).toContain('lint/style/noDefaultExport')
})

it('is really biome that answers', () => {
  expect(execFileSync(process.execPath, [biome, '--version'], { encoding: 'utf8' })).toContain('Version')
})
