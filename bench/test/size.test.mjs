// What a page loads of us: within the budget, and counted as it is loaded.
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { bundlePage, journey, sizeOf } from '../bundle-page.mjs'
import budget from '../size-budget.json' with { type: 'json' }
import { entry, ownRows, PEERS } from '../size-rows.mjs'

const JOURNEY = fileURLToPath(new URL('journey.mjs', import.meta.url))

it('no entry is over its budget (gzip, bytes)', async () => {
  const rows = new Map((await ownRows()).map((row) => [row.entry, row.gzip]))
  for (const [name, most] of Object.entries(budget)) {
    expect(rows.get(name), name).toBeGreaterThan(0)
    expect(rows.get(name), `${name}: smaller code, or a word in size-budget.json`).toBeLessThanOrEqual(most)
  }
})

it('every part of the journey is one that the page loads later', async () => {
  const files = await bundlePage(entry('sign-in'))
  const parts = files.filter(({ when }) => when === 'journey').map(({ part }) => part)
  expect(parts).toEqual(expect.arrayContaining([...journey]))
})

it('a sign-in in which all goes well loads what is counted for it, and nothing else', async () => {
  // Beside the entries, where the package is found.
  const folder = await mkdtemp(fileURLToPath(new URL('../node_modules/.page-', import.meta.url)))
  try {
    await writeFile(join(folder, 'page.mjs'), "export * from '@pentauth/core'\n")
    const outdir = join(folder, 'out')
    const files = await bundlePage(join(folder, 'page.mjs'), { outdir })
    await writeFile(join(outdir, 'package.json'), '{"type":"module"}')
    const made = spawnSync(process.execPath, [JOURNEY, outdir], { encoding: 'utf8', timeout: 50_000 })
    const { status, loaded } = JSON.parse(made.stdout)
    expect(status).toBe(200)
    const counted = files.filter(({ when }) => when !== 'trouble').map(({ name }) => name)
    expect([...loaded].sort()).toEqual(counted.sort())
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

it('a file is counted for when it is loaded, and not at all if nothing loads it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pentauth-size-'))
  try {
    const [name = ''] = journey
    const text = (/** @type {string} */ word) => `export const ${word} = '${word.repeat(50)}'\n`
    await writeFile(join(folder, 'shared.mjs'), text('shared'))
    await writeFile(join(folder, `${name}.mjs`), `export { shared } from './shared.mjs'\n${text('later')}`)
    await writeFile(join(folder, 'trouble.mjs'), `export { shared } from './shared.mjs'\n${text('trouble')}`)
    await writeFile(join(folder, 'unused.mjs'), `export const unused = () => import('./${name}.mjs')\n`)
    await writeFile(
      join(folder, 'page.mjs'),
      `import './unused.mjs'
      export const go = () => import('./${name}.mjs').catch(() => import('./trouble.mjs'))`,
    )
    const outdir = join(folder, 'out')
    const files = await bundlePage(join(folder, 'page.mjs'), { outdir })
    expect(files.map(({ part, when }) => [part, when])).toEqual(
      expect.arrayContaining([
        ['page', 'first'],
        [name, 'journey'],
        ['', 'journey'],
        ['trouble', 'trouble'],
      ]),
    )
    expect((await readdir(outdir)).sort()).toEqual(files.map((file) => file.name).sort())
    const all = sizeOf(files)
    expect(sizeOf(files, ['first', 'journey']).min).toBeLessThan(all.min)
    expect(all.min).toBe(files.reduce((sum, { min }) => sum + min, 0))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

it('every peer has an entry', async () => {
  const entries = await readdir(new URL('../size-peers/', import.meta.url))
  expect(entries).toEqual(expect.arrayContaining(Object.values(PEERS)))
})

it('the command prints rows of bytes and nothing else', () => {
  const main = fileURLToPath(new URL('../size.mjs', import.meta.url))
  const { status, stdout } = spawnSync(process.execPath, [main, '--json', '--only', 'pentauth'], { encoding: 'utf8' })
  expect(status).toBe(0)
  const { name, unit, rows } = JSON.parse(stdout)
  expect({ name, unit }).toEqual({ name: 'size', unit: 'bytes' })
  for (const row of rows) {
    expect(Object.keys(row)).toEqual(['subject', 'entry', 'min', 'gzip'])
    expect(row.gzip).toBeLessThan(row.min)
  }
  expect(spawnSync(process.execPath, [main, '--only', 'somebody']).status).toBe(2)
})
