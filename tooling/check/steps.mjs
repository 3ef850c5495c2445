// The checks and their order. Run `npm test -- core` for the ones that can look at a single package.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BootstrapError } from '../bootstrap/hints.mjs'

/**
 * @param {string} root
 * @param {readonly string[]} names of workspace folders; none means everything
 * @returns {readonly import('./run-step.mjs').Step[]}
 */
export function selectSteps(root, names) {
  const folders = names.map((name) => workspaceFolder(root, name))
  const filters = folders.map((folder) => `--filter=${packageName(root, folder)}`)
  const bin = (/** @type {string} */ name) => join(root, 'node_modules', '.bin', name)
  const node = (/** @type {string} */ script, /** @type {string[]} */ ...args) => ({
    file: process.execPath,
    args: [join(root, 'tooling', script), ...args],
  })
  const turbo = (/** @type {string} */ task, /** @type {string[]} */ ...flags) => ({
    file: bin('turbo'),
    args: ['run', task, '--continue=dependencies-successful', '--log-order=grouped', ...flags, ...filters],
  })

  const paths = folders.length > 0 ? folders : ['.']
  const focused = [
    { title: 'Build', ...turbo('build') },
    { title: 'Lint and format', file: bin('biome'), args: ['ci', '--colors=off', '--error-on-warnings', ...paths] },
    { title: 'Types', ...turbo('typecheck') },
    // Two at a time: much of it waits for other programs, and more of them only wait for each other.
    { title: 'Tests', tests: true, ...turbo('test', '--concurrency=2') },
    { title: 'Package checks', ...turbo('check:pkg') },
  ]
  if (folders.length > 0) return [...focused, { title: 'House rules', ...node('rules/main.mjs', '--sources') }]
  const [build, lint, types, tests, packages] = /** @type {Required<typeof focused>} */ (focused)
  return [
    build,
    lint,
    types,
    { title: 'House rules', ...node('rules/main.mjs') },
    tests,
    { title: 'Unused code', file: bin('knip'), args: ['--no-progress'] },
    packages,
    { title: 'Changesets', ...node('check/changesets.mjs') },
  ].filter((step) => step !== undefined)
}

/**
 * @param {string} root
 * @param {string} name
 * @returns {string}
 */
function workspaceFolder(root, name) {
  const short = name.replace(/^@pentauth\//, '')
  const folder = [`packages/${short}`, `examples/${short}`, short].find((path) =>
    existsSync(join(root, path, 'package.json')),
  )
  if (folder === undefined || name.startsWith('-')) throw new BootstrapError(`There is no package "${name}" here.`)
  return folder
}

/**
 * @param {string} root
 * @param {string} folder
 * @returns {string}
 */
function packageName(root, folder) {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).name
}
