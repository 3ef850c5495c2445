// `npm run lab`: from a bare machine to the long experiments of core, which `npm test` leaves out.
import { join } from 'node:path'
import { bringBuiltTree } from './built-tree.mjs'
import { ROOT, toolEnvironment } from './environment.mjs'
import { handOver } from './processes.mjs'

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code of the experiments
 */
export async function runLab(args) {
  const { folders } = await bringBuiltTree()
  // In the folder: with a filter, pnpm would make every failure's exit code a 1.
  return handOver('pnpm', ['run', 'lab', ...args], {
    cwd: join(ROOT, 'packages', 'core'),
    env: toolEnvironment(folders),
  })
}
