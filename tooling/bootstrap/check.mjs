// `npm test`: from a bare machine to every check.
import { join } from 'node:path'
import { onPath, ROOT, toolEnvironment } from './environment.mjs'
import { BootstrapError } from './hints.mjs'
import { handOver } from './processes.mjs'
import { bringServices } from './services.mjs'
import { bringToolchain } from './toolchain.mjs'
import { install, isInstalled } from './workspace.mjs'

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
export async function checkEverything(args) {
  if (onPath('git') === undefined) {
    throw new BootstrapError('git is not on PATH.', { hint: 'the checks ask git which files are ours: install git.' })
  }
  const { node, folders } = await bringToolchain(['node', 'pnpm'])
  const services = await bringServices()
  if (!isInstalled('all')) await install('all', folders)
  const env = { ...toolEnvironment(folders), ...services }
  return handOver(node, [join(ROOT, 'tooling', 'check', 'main.mjs'), ...args], { cwd: ROOT, env })
}
