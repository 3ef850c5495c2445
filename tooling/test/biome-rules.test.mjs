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
const GLOBALS = 'lint/style/noRestrictedGlobals'

describe('the source of core is told off for', () => {
  it.each([
    ['process', 'export const a = () => process.env', GLOBALS],
    ['Buffer', "export const a = () => Buffer.from('')", GLOBALS],
    ['window', 'export const a = () => typeof window', GLOBALS],
    ['document', 'export const a = () => document.title', GLOBALS],
    ['localStorage', 'export const a = () => localStorage.length', GLOBALS],
    ['__dirname', 'export const a = () => __dirname', GLOBALS],
    ['require', "export const a = () => require('x')", GLOBALS],
    ['setImmediate', 'export const a = () => setImmediate(() => {})', GLOBALS],
    ['the global fetch', "export const a = () => fetch('x')", GLOBALS],
    ['a mention of fetch', 'export const a = { send: fetch }', GLOBALS],
    ['fetch by way of globalThis', "export const a = () => globalThis.fetch('x')", GLOBALS],
    ['a Node module', "import { join } from 'node:path'\nexport const a = join", 'lint/correctness/noNodejsModules'],
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
    ['export const a = () => Math.random()', 'Math.random'],
  ])('%s', (code, words) => {
    expect(complaints(CORE, code)).toEqual([expect.stringContaining(words)])
  })
})

it.each([
  ['an error class of its own', CORE, 'export class Typed extends Error {}'],
  ['a look at an error', CORE, 'export const a = (x: unknown) => x instanceof Error'],
  ['a parameter named fetch', CORE, 'export const a = (fetch: () => void) => fetch()'],
  ['fetch in http.ts', 'packages/core/src/http.ts', "export const a = () => fetch('x')"],
  ['fetch in runtime.ts', 'packages/core/src/runtime.ts', 'export const a = () => globalThis.fetch'],
  ['process outside core', 'packages/node/src/twin.ts', 'export const a = () => process.env'],
])('%s is fine', (_, path, code) => {
  expect(complaints(path, code)).toEqual([])
})

it('http.ts may use fetch, not process', () => {
  expect(complaints('packages/core/src/http.ts', 'export const a = () => process.env')).toEqual([GLOBALS])
})

it('other packages keep the rules that are not about the platform', () => {
  expect(complaints('packages/node/src/twin.ts', "export const a = () => new Error('x')")).toHaveLength(1)
  expect(complaints('packages/sandbox/src/twin.ts', 'export default 1')).toContain('lint/style/noDefaultExport')
})

it('is really biome that answers', () => {
  expect(execFileSync(process.execPath, [biome, '--version'], { encoding: 'utf8' })).toContain('Version')
})
