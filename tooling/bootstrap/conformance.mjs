// `npm run conformance`: from a bare machine to the official MCP conformance suites, which see the builds and never the sources.
import { join } from 'node:path'
import { bringBuiltTree } from './built-tree.mjs'
import { ROOT, toolEnvironment } from './environment.mjs'
import { handOver } from './processes.mjs'

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code of the command
 */
export async function runConformance(args) {
  const { node, folders } = await bringBuiltTree()
  return handOver(node, [join(ROOT, 'conformance', 'main.mjs'), ...args], { env: toolEnvironment(folders) })
}
