// A suite that does what a test wants, in the place of the official ones: nothing is installed for these tests.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { onTestFinished } from 'vitest'

/**
 * @param {string} source of its runner, which has `args`, `run()` for the client and `save(checks, stdout)`
 * @returns {Promise<URL>} the folder where it is installed
 */
export async function fakeSuites(source) {
  const folder = await mkdtemp(join(tmpdir(), 'pentauth-suites-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const place = join(folder, 'node_modules', 'conformance-0.1.16', 'dist')
  await mkdir(place, { recursive: true })
  await writeFile(join(place, '..', 'package.json'), '{ "type": "module" }')
  await writeFile(join(place, 'index.js'), `${HEAD}\n${source}\n`)
  return pathToFileURL(`${folder}/`)
}

const HEAD = `
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
const args = process.argv.slice(2)
const option = (name) => args[args.indexOf(name) + 1]
const run = () => {
  const [file, ...rest] = option('--command').split(' ')
  const env = { ...process.env, MCP_CONFORMANCE_SCENARIO: option('--scenario') }
  return spawnSync(file, [...rest, 'http://127.0.0.1:9/mcp'], { env, encoding: 'utf8', shell: true })
}
const save = (checks, stdout) => {
  const folder = join(option('-o'), option('--scenario') + '-now')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'checks.json'), JSON.stringify(checks))
  writeFileSync(join(folder, 'stdout.txt'), stdout)
}
const good = { name: 'One', description: 'one', status: 'SUCCESS' }
const bad = { name: 'Two', description: 'two', status: 'FAILURE', errorMessage: 'no token' }
`
