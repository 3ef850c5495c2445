import { expect, it } from 'vitest'
import { ROOT } from '../bootstrap/environment.mjs'
import { foldersWithLab, runEach } from '../bootstrap/lab.mjs'
import { makeTree } from './make-tree.mjs'

it('the lab is that of every workspace with a script of that name', () => {
  const root = makeTree({
    'packages/a/package.json': '{ "scripts": { "lab": "x" } }',
    'packages/b/package.json': '{ "scripts": { "test": "x" } }',
    'packages/c/package.json': '{}',
    'examples/d/package.json': '{ "scripts": { "lab": "x" } }',
  })
  expect(foldersWithLab(root)).toEqual(['examples/d', 'packages/a'])
  expect(foldersWithLab(ROOT)).toEqual(expect.arrayContaining(['packages/core', 'packages/node']))
})

it('all labs run, and the first failure is what the command ends with', async () => {
  /** @type {string[]} */
  const ran = []
  const run = (/** @type {Record<string, number>} */ codes) =>
    runEach(Object.keys(codes), async (folder) => {
      ran.push(folder)
      return codes[folder] ?? 0
    })
  expect(await run({ a: 0, b: 3, c: 4 })).toBe(3)
  expect(await run({ d: 0 })).toBe(0)
  expect(ran).toEqual(['a', 'b', 'c', 'd'])
})
