// `npm run lab`: from a bare machine to the long experiments of the packages, which `npm test` leaves out.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bringBuiltTree } from './built-tree.mjs'
import { ROOT, toolEnvironment } from './environment.mjs'
import { workspaces } from './fingerprint.mjs'
import { handOver, interrupted } from './processes.mjs'

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code of the first experiments that failed
 */
export async function runLab(args) {
  const { folders } = await bringBuiltTree()
  const env = toolEnvironment(folders)
  return runEach(foldersWithLab(ROOT), (folder) => {
    process.stderr.write(`· The lab of ${folder}\n`)
    // In the folder: with a filter, pnpm would make every failure's exit code a 1.
    return handOver('pnpm', ['run', 'lab', ...args], { cwd: join(ROOT, folder), env })
  })
}

/**
 * @param {string} root
 * @returns {readonly string[]} workspaces with experiments of their own
 */
export function foldersWithLab(root) {
  return workspaces(root).filter((folder) => {
    const { scripts } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    return typeof scripts?.lab === 'string'
  })
}

/**
 * One after the other, also behind one that fails: what the others find is worth the wait. Ctrl-C ends them all.
 * @param {readonly string[]} folders
 * @param {(folder: string) => Promise<number>} run
 * @returns {Promise<number>}
 */
export async function runEach(folders, run) {
  let first = 0
  for (const folder of folders) {
    if (interrupted() !== undefined) break
    const code = await run(folder)
    process.stderr.write(`${code === 0 ? '✓' : '✗'} The lab of ${folder}${code === 0 ? '' : ` (exit code ${code})`}\n`)
    first ||= code
  }
  return first
}
