// "Nothing has changed since last time", decided by content: hashes of the files an install or a build reads.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Folders with workspaces in them, as pnpm-workspace.yaml has them. */
const GROUPS = ['packages', 'examples']
const SINGLES = ['bench', 'conformance', 'docs', 'runtimes', 'tooling']
const IGNORED = new Set(['node_modules', 'dist', 'coverage', '.turbo'])

/**
 * @param {string} root
 * @returns {readonly string[]} folders of the workspaces, relative to the root
 */
export function workspaces(root) {
  const grouped = GROUPS.flatMap((group) => subfolders(join(root, group)).map((name) => `${group}/${name}`))
  return [...grouped, ...SINGLES].filter((folder) => existsSync(join(root, folder, 'package.json'))).sort()
}

/**
 * @param {string} root
 * @returns {string}
 */
export function installFingerprint(root) {
  const shared = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc']
  return hashFiles(root, [...shared, ...workspaces(root).map((folder) => `${folder}/package.json`)])
}

/**
 * @param {string} root
 * @returns {string}
 */
export function buildFingerprint(root) {
  const shared = ['package.json', 'pnpm-lock.yaml', 'tsconfig.base.json', 'turbo.json']
  const sources = workspaces(root)
    .filter((folder) => folder.startsWith('packages/'))
    .flatMap((folder) => [
      ...readdirSync(join(root, folder))
        .filter((name) => /\.(json|ts|mts|js|mjs)$/.test(name))
        .map((name) => `${folder}/${name}`),
      ...filesUnder(root, `${folder}/src`),
    ])
  // Copied into the package by its build.
  return hashFiles(root, [...shared, ...sources, ...filesUnder(root, 'docs/errors')])
}

/**
 * @param {string} root
 * @param {readonly string[]} files relative paths; one that does not exist counts as such
 * @returns {string}
 */
function hashFiles(root, files) {
  const hash = createHash('sha256')
  for (const file of [...files].sort()) {
    const path = join(root, file)
    const content = existsSync(path) ? readFileSync(path) : undefined
    hash.update(`${file}\0${content?.length ?? 'absent'}\0`)
    if (content !== undefined) hash.update(content)
  }
  return hash.digest('hex')
}

/**
 * @param {string} root
 * @param {string} folder
 * @returns {readonly string[]}
 */
function filesUnder(root, folder) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (IGNORED.has(entry.name)) return []
    const path = `${folder}/${entry.name}`
    return entry.isDirectory() ? filesUnder(root, path) : [path]
  })
}

/** @param {string} folder */
function subfolders(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
}

/**
 * @typedef {object} Stamp
 * @property {string} fingerprint
 * @property {'all' | 'demo'} scope how much was installed or built
 */

/**
 * Inside node_modules, so that deleting node_modules forgets it too.
 * @param {string} root
 * @param {'install' | 'build'} name
 */
function stampFile(root, name) {
  return join(root, 'node_modules', '.cache', 'pentauth', `${name}.json`)
}

/**
 * @param {string} root
 * @param {'install' | 'build'} name
 * @param {Stamp} wanted
 * @returns {boolean} whether the last run did this much on the same files
 */
export function isStamped(root, name, wanted) {
  try {
    const stamp = /** @type {Partial<Stamp>} */ (JSON.parse(readFileSync(stampFile(root, name), 'utf8')))
    return stamp.fingerprint === wanted.fingerprint && (stamp.scope === 'all' || stamp.scope === wanted.scope)
  } catch {
    return false
  }
}

/**
 * @param {string} root
 * @param {'install' | 'build'} name
 * @param {Stamp} stamp
 */
export function writeStamp(root, name, stamp) {
  const file = stampFile(root, name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify(stamp))
}
