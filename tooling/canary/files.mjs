// What a run leaves behind: builds, snapshots, coverage, result files. A marker in any of them is a leak.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { scan } from './scanner.mjs'

const SKIPPED = new Set(['node_modules', '.git'])
const LEFT_BEHIND =
  /(^|\/)(__snapshots__|__screenshots__|coverage|dist|test-results|reports|\.turbo)\/|\.(snap|log|tsbuildinfo|tgz)$/

/** The sandbox mints the marked credentials, so its build has the marker as its source does. Nothing else may. */
const ALLOWED = [/^packages\/sandbox\/dist\//]

/**
 * @param {string} root
 * @returns {readonly { file: string, line: number, text: string }[]}
 */
export function scanFiles(root) {
  return filesUnder(root, '')
    .filter((file) => LEFT_BEHIND.test(file) && !ALLOWED.some((allowed) => allowed.test(file)))
    .flatMap((file) => scan(readFileSync(join(root, file), 'latin1')).map((leak) => ({ file, ...leak })))
}

/**
 * @param {string} root
 * @param {string} folder
 * @returns {readonly string[]}
 */
function filesUnder(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return []
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    // turbo's cache holds packed copies of what is scanned unpacked.
    if (path === '.turbo') return []
    if (entry.isDirectory()) return filesUnder(root, path)
    return entry.isFile() ? [path] : []
  })
}
