// Dependencies and builds, each skipped when its inputs are what they were.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, toolEnvironment } from './environment.mjs'
import { buildFingerprint, installFingerprint, isStamped, workspaces, writeStamp } from './fingerprint.mjs'
import { must } from './processes.mjs'
import { inStep } from './progress.mjs'

const DEMO = '@pentauth/demo'

/** @typedef {'all' | 'demo'} Scope */

/**
 * @param {Scope} scope
 * @returns {boolean}
 */
export function isInstalled(scope) {
  return isStamped(ROOT, 'install', { fingerprint: installFingerprint(ROOT), scope }) && modulesAreIntact(scope)
}

/**
 * @param {Scope} scope
 * @param {readonly string[]} folders put before PATH
 */
export async function install(scope, folders) {
  const fingerprint = installFingerprint(ROOT)
  // The root comes along because the build tools are its dependencies.
  const filters = scope === 'demo' ? ['--filter', `${DEMO}...`, '--filter', 'pentauth-monorepo'] : []
  await inStep('Installing dependencies', () =>
    must('pnpm install', 'pnpm', [...filters, 'install', '--frozen-lockfile', '--reporter=append-only'], {
      cwd: ROOT,
      // CI=true: pnpm never asks before it replaces a node_modules.
      env: { ...toolEnvironment(folders), CI: 'true' },
    }),
  )
  writeStamp(ROOT, 'install', { fingerprint, scope })
}

/** @returns {boolean} */
export function isBuilt() {
  return isStamped(ROOT, 'build', { fingerprint: buildFingerprint(ROOT), scope: 'demo' }) && buildsAreIntact()
}

/** @param {readonly string[]} folders put before PATH */
export async function buildForDemo(folders) {
  const fingerprint = buildFingerprint(ROOT)
  const turbo = join(ROOT, 'node_modules', '.bin', 'turbo')
  await inStep('Building', () =>
    must('The build', turbo, ['run', 'build', `--filter=${DEMO}...`, '--output-logs=errors-only'], {
      cwd: ROOT,
      env: toolEnvironment(folders),
    }),
  )
  writeStamp(ROOT, 'build', { fingerprint, scope: 'demo' })
}

/**
 * @param {Scope} scope
 * @returns {boolean} whether every direct dependency still has its link
 */
function modulesAreIntact(scope) {
  const wanted = scope === 'all' ? workspaces(ROOT) : demoWorkspaces()
  return ['', ...wanted].every((folder) => {
    const { dependencies = {}, devDependencies = {} } = readManifest(folder)
    return Object.keys({ ...dependencies, ...devDependencies }).every((name) =>
      // A link into a store that was deleted counts as missing: existsSync follows it.
      existsSync(join(ROOT, folder, 'node_modules', name, 'package.json')),
    )
  })
}

/** @returns {boolean} */
function buildsAreIntact() {
  return demoWorkspaces().every((folder) => {
    const { module } = readManifest(folder)
    return module === undefined || existsSync(join(ROOT, folder, module))
  })
}

/** @returns {readonly string[]} folders of the demo and of the workspaces it depends on */
function demoWorkspaces() {
  const byName = new Map(workspaces(ROOT).map((folder) => [readManifest(folder).name, folder]))
  const found = new Set()
  const visit = (/** @type {string} */ name) => {
    const folder = byName.get(name)
    if (folder === undefined || found.has(folder)) return
    found.add(folder)
    const { dependencies = {}, devDependencies = {} } = readManifest(folder)
    for (const dependency of Object.keys({ ...dependencies, ...devDependencies })) visit(dependency)
  }
  visit(DEMO)
  return [...found]
}

/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} [module]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 */

/**
 * @param {string} folder relative to the root
 * @returns {Manifest}
 */
function readManifest(folder) {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'))
}
