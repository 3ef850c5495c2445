// The rules that no linter has, each with a twin that breaks it.
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MARKER } from '../canary/marker.mjs'
import { checkArrows } from '../rules/check-arrows.mjs'
import { checkDependencies } from '../rules/check-dependencies.mjs'
import { checkImports } from '../rules/check-imports.mjs'
import { checkPlaces, checkSizes, checkTestCredentials } from '../rules/check-texts.mjs'
import { makeTree } from './make-tree.mjs'

describe('arrows', () => {
  const other = 'export const other: number = 1\n'

  it.each([
    ['core', 'sandbox', 'arrows-of-core'],
    ['core', 'node', 'arrows-of-core'],
    ['sandbox', 'core', 'arrows-of-sandbox'],
    ['node', 'browser', 'arrows-of-node'],
    ['mcp', 'sandbox', 'arrows-of-mcp'],
    ['cli', 'browser', 'arrows-of-cli'],
  ])('%s must not import %s, by path or by name', async (from, to, rule) => {
    const byPath = makeTree({
      [`packages/${from}/src/index.ts`]: `import { other } from '../../${to}/src/index.ts'\nexport const a: number = other\n`,
      [`packages/${to}/src/index.ts`]: other,
    })
    const byName = makeTree({
      [`packages/${from}/src/index.ts`]: `import type { Other } from '@pentauth/${to}/deep'\nexport type A = Other\n`,
    })
    expect(await checkArrows(byPath)).toEqual([expect.stringContaining(rule)])
    expect(await checkArrows(byName)).toEqual([expect.stringContaining(rule)])
  })

  it('tests of core may use the sandbox, tests of the sandbox may not use core', async () => {
    const use = (/** @type {string} */ name) => `import { other } from '../../${name}/src/index.ts'\nother.toFixed()\n`
    const tree = makeTree({
      'packages/core/src/index.ts': other,
      'packages/sandbox/src/index.ts': other,
      'packages/core/test/a.test.ts': use('sandbox'),
      'packages/sandbox/test/a.test.ts': use('core'),
    })
    expect(await checkArrows(tree)).toEqual([expect.stringMatching(/^packages\/sandbox\/test.*arrows-of-sandbox/)])
  })

  it('an import of a package that is built and linked is seen where it leads', async () => {
    const tree = makeTree({
      'packages/core/src/index.ts': "import { facts } from '@pentauth/sandbox'\nexport const a = facts\n",
      'packages/core/test/a.test.ts': "import { facts } from '@pentauth/sandbox'\nfacts.toFixed()\n",
      'packages/sandbox/package.json': JSON.stringify({
        name: '@pentauth/sandbox',
        type: 'module',
        exports: { '.': { import: { types: './dist/index.d.ts', default: './dist/index.js' } } },
      }),
      'packages/sandbox/dist/index.js': 'export const facts = 1\n',
      'packages/sandbox/dist/index.d.ts': 'export declare const facts: number\n',
    })
    mkdirSync(join(tree, 'packages/core/node_modules/@pentauth'), { recursive: true })
    symlinkSync('../../../sandbox', join(tree, 'packages/core/node_modules/@pentauth/sandbox'), 'junction')
    expect(await checkArrows(tree)).toEqual([
      expect.stringMatching(/^packages\/core\/src\/index\.ts -> packages\/sandbox\/dist\/index\.js: arrows-of-core/),
    ])
  })

  it('modules must not import each other, not even for types', async () => {
    const cycle = makeTree({
      'packages/core/src/a.ts': "import { b } from './b.ts'\nexport const a = (): number => b()\n",
      'packages/core/src/b.ts': "import { a } from './a.ts'\nexport const b = (): number => a()\n",
    })
    const types = makeTree({
      'packages/core/src/a.ts': "import type { B } from './b.ts'\nexport type A = B\n",
      'packages/core/src/b.ts': "import type { A } from './a.ts'\nexport type B = A | 1\n",
    })
    const none = makeTree({
      'packages/core/src/a.ts':
        "import type { A } from './types.ts'\nimport { b } from './b.ts'\nexport const a: A = b\n",
      'packages/core/src/b.ts': "import type { A } from './types.ts'\nexport const b: A = 1\n",
      'packages/core/src/types.ts': 'export type A = number\n',
    })
    expect(await checkArrows(cycle)).toContainEqual(expect.stringContaining('no-cycles'))
    expect(await checkArrows(types)).toContainEqual(expect.stringContaining('no-cycles'))
    expect(await checkArrows(none)).toEqual([])
  })

  it('a package without a place and a source that imports a test are refused', async () => {
    const tree = makeTree({
      'packages/extra/src/index.ts': "import { b } from './b.ts'\nexport const a = b\n",
      'packages/extra/src/b.ts': 'export const b = 1\n',
      'packages/core/src/index.ts': "import { a } from '../test/a.ts'\nexport const b = a\n",
      'packages/core/test/a.ts': 'export const a = 1\n',
    })
    const problems = (await checkArrows(tree)).join('\n')
    expect(problems).toContain('unknown-package')
    expect(problems).toContain('source-stands-alone')
  })

  it('an empty tree is no proof', async () => {
    expect(await checkArrows(makeTree({ 'packages/core/package.json': '{}' }))).toHaveLength(1)
  })
})

describe('source imports what is installed with it', () => {
  const twin = (/** @type {string} */ code, /** @type {string} */ path = 'packages/core/src/a.ts') =>
    makeTree({
      [path]: `${code}\n`,
      'packages/core/package.json': JSON.stringify({
        dependencies: { zod: '1' },
        peerDependencies: { '@x/peer': '1' },
        devDependencies: { msw: '1', '@x/peer': '1' },
      }),
    })

  it.each([
    "import { http } from 'msw'",
    "import type { http } from 'msw/http'",
    "export { http } from 'msw'",
    "export const a = import('msw')",
    "export type A = import('msw').A",
    "import 'msw'",
  ])('not a devDependency: %s', (code) => {
    expect(checkDependencies(twin(code))).toEqual([expect.stringMatching(/^packages\/core\/src\/a\.ts imports msw,/)])
  })

  it.each([
    ['what is not in the manifest at all', "import { a } from '@x/other/deep'", '@x/other'],
    ['the package itself', "import { a } from '@pentauth/core'", '@pentauth/core'],
  ])('nor %s', (_, code, name) => {
    expect(checkDependencies(twin(code))).toEqual([expect.stringContaining(`imports ${name},`)])
  })

  it.each([
    "import { z } from 'zod/mini'",
    "import { a } from '@x/peer'",
    "import { join } from 'node:path'",
    "import { b } from './b.ts'",
    "// import { http } from 'msw'",
  ])('%s is fine', (code) => {
    expect(checkDependencies(twin(code))).toEqual([])
  })

  it('a test may import what it likes', () => {
    expect(checkDependencies(twin("import { http } from 'msw'", 'packages/core/test/a.test.ts'))).toEqual([])
  })
})

describe('an import has no effect', () => {
  const manifest = JSON.stringify({
    name: '@pentauth/twin',
    type: 'module',
    exports: { '.': { import: { default: './dist/index.js' }, require: { default: './dist/index.cjs' } } },
  })
  const build = (/** @type {string} */ effect) =>
    makeTree({
      'packages/twin/package.json': manifest,
      'packages/twin/dist/index.js': `${effect}\nexport const a = 1\n`,
      'packages/twin/dist/index.cjs': `${effect}\nexports.a = 1\n`,
    })

  it.each([
    ['a new global', 'globalThis.leaked = 1', 'globalThis.leaked'],
    ['a replaced global', 'globalThis.fetch = () => {}', 'globalThis.fetch'],
    ['a changed prototype', 'Array.prototype.last = () => {}', 'Array.prototype.last'],
    ['a changed environment', "process.env.TWIN = '1'", 'process.env.TWIN'],
    ['a listener', "process.on('exit', () => {})", 'listeners of process exit'],
    ['a timer', 'setInterval(() => {}, 1000).unref(); setTimeout(() => {}, 50)', 'open handle Timeout'],
    ['output', "console.warn('hello')", 'prints "hello'],
    ['a failure', "throw new Error('boom')", 'exit code 1'],
  ])('%s is found', async (_, effect, words) => {
    const problems = await checkImports(build(effect))
    expect(problems).toContainEqual(expect.stringMatching(/^import of @pentauth\/twin/))
    expect(problems).toContainEqual(expect.stringMatching(/^require of @pentauth\/twin/))
    expect(problems.join('\n')).toContain(words)
  })

  it('a process that stays is found', async () => {
    expect(await checkImports(build('setInterval(() => {}, 1000)'), 2000)).toContainEqual(
      expect.stringContaining('keeps the process alive'),
    )
  })

  it('a build that is missing is found, a quiet one passes', async () => {
    expect(await checkImports(makeTree({ 'packages/twin/package.json': manifest }))).toHaveLength(2)
    expect(await checkImports(build('new Request("http://localhost"); structuredClone({})'))).toEqual([])
  })
})

describe('texts', () => {
  it('a source file has 300 lines at most', () => {
    const lines = (/** @type {number} */ count) => 'export {}\n'.repeat(count)
    const tree = makeTree({ 'packages/core/src/a.ts': lines(301), 'packages/core/src/b.ts': lines(300) })
    expect(checkSizes(tree)).toEqual([expect.stringContaining('packages/core/src/a.ts has 301 lines')])
  })

  it.each([
    `see ${['https://registry', 'npmjs', 'org'].join('.')}/ky`,
    `host: ${['npm', 'example', 'com'].join('.')}`,
    `registry${'='}x`,
    `const cache = '${['', 'home', 'me', 'x'].join('/')}'`,
    `open(${['', 'root', '.cache'].join('/')})`.replace('(', '("'),
    `cd ${['', 'work', 'project'].join('/')}`,
    `at C:${'\\'}Users${'\\'}me`,
  ])('names no place: %s', (text) => {
    expect(checkPlaces(makeTree({ 'README.md': `fine\n${text}\n` }))).toEqual([expect.stringContaining('README.md:2')])
  })

  it('leaves other texts alone', () => {
    const text = 'registry.get(name) /usr/bin/env https://example.org/home/page a/opt/b'
    expect(checkPlaces(makeTree({ 'README.md': text }))).toEqual([])
  })

  it.each([
    `'${'psy_'}0123456789abcdef'`,
    `'${'ptg_'}0123456789abcdef'`,
    `'${'ptgs_'}0123456789abcdef'`,
    `'${'pdr_sk_'}0123456789abcdef'`,
    `'${'pendium_'}0123456789abcdef'`,
    `{ authorization: '${'Bearer'} 0123456789' }`,
  ])('a test credential without the marker is found: %s', (text) => {
    expect(checkTestCredentials(makeTree({ 'packages/core/test/a.test.ts': text }))).toHaveLength(1)
  })

  it.each([
    `'${'psy_'}01234567${MARKER}89abcdef'`,
    `'${'Bearer'} 01234567${MARKER}'`,
    `'${'Bearer'} resource_metadata="x", error="invalid_token"'`,
    `headers.authorization = \`${'Bearer'} \${key}\``,
    "'psy_short'",
    "'psy_your_key_here_please', 'Bearer nonsense'",
  ])('no alarm for %s', (text) => {
    expect(checkTestCredentials(makeTree({ 'packages/core/test/a.test.ts': text }))).toEqual([])
  })
})
