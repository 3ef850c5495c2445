// `npm run bench`: from a bare machine to the benches, which measure the builds and never the sources.
import { join } from 'node:path'
import { bringBuiltTree } from './built-tree.mjs'
import { ROOT, toolEnvironment } from './environment.mjs'
import { handOver } from './processes.mjs'

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code of the benches
 */
export async function runBench(args) {
  const { node, folders } = await bringBuiltTree()
  return handOver(node, [join(ROOT, 'bench', 'main.mjs'), ...args], { env: toolEnvironment(folders) })
}
