// `npm run demo`: from a bare machine to the running demo; on the next run straight to the demo.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, toolEnvironment } from './environment.mjs'
import { BootstrapError } from './hints.mjs'
import { handOver } from './processes.mjs'
import { bringToolchain } from './toolchain.mjs'
import { buildForDemo, install, isBuilt, isInstalled } from './workspace.mjs'

const ENTRY = join(ROOT, 'examples', 'demo', 'src', 'main.mjs')

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} the demo's exit code
 */
export async function runDemo(args) {
  if (!existsSync(ENTRY)) throw new BootstrapError('examples/demo/src/main.mjs is missing: this checkout has no demo.')
  const installed = isInstalled('demo')
  const built = installed && isBuilt()
  // pnpm is only needed to install and to build; without it a repeated run starts at once.
  const { node, folders } = await bringToolchain(built ? ['node'] : ['node', 'pnpm'])
  if (!installed) await install('demo', folders)
  if (!built) await buildForDemo(folders)
  return handOver(node, [ENTRY, ...args], { env: toolEnvironment(folders) })
}
