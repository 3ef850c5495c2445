// `npm run size`: from a bare machine to the bytes that a page loads of the builds.
import { join } from 'node:path'
import { bringBuiltTree } from './built-tree.mjs'
import { ROOT, toolEnvironment } from './environment.mjs'
import { handOver } from './processes.mjs'

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code of the command
 */
export async function runSize(args) {
  const { node, folders } = await bringBuiltTree()
  return handOver(node, [join(ROOT, 'bench', 'size.mjs'), ...args], { env: toolEnvironment(folders) })
}
