// From a bare machine to a tree in which everything is installed and the packages are built.
import { bringToolchain } from './toolchain.mjs'
import { buildForDemo, install, isBuilt, isInstalled } from './workspace.mjs'

/** @returns {Promise<import('./toolchain.mjs').Toolchain>} */
export async function bringBuiltTree() {
  const toolchain = await bringToolchain(['node', 'pnpm'])
  if (!isInstalled('all')) await install('all', toolchain.folders)
  if (!isBuilt()) await buildForDemo(toolchain.folders)
  return toolchain
}
