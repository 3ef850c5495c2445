// The peers are no dependencies of this repository: they are installed into a folder of their own when a bench first runs.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { toolEnvironment } from '../tooling/bootstrap/environment.mjs'
import { installFingerprint, isStamped, writeStamp } from '../tooling/bootstrap/fingerprint.mjs'
import { must } from '../tooling/bootstrap/processes.mjs'
import { inStep } from '../tooling/bootstrap/progress.mjs'

const FOLDER = new URL('peers/', import.meta.url)

/**
 * @param {URL} [peers] the folder with their package.json
 * @param {string} [what] is installed, for people
 * @returns {Promise<URL>} the folder from which the peers can be imported
 */
export async function installPeers(peers = FOLDER, what = 'the peers') {
  const folder = fileURLToPath(peers)
  // A folder may be a workspace of its own, which is where pnpm reads overrides.
  const alone = existsSync(new URL('pnpm-workspace.yaml', peers)) ? [] : ['--ignore-workspace']
  const stamp = /** @type {const} */ ({ fingerprint: installFingerprint(folder), scope: 'all' })
  if (isStamped(folder, 'install', stamp)) return peers
  await inStep(`Installing ${what} (once)`, () =>
    must(
      'pnpm install',
      'pnpm',
      ['install', ...alone, '--frozen-lockfile', '--ignore-scripts', '--reporter=append-only'],
      // CI=true: pnpm never asks before it replaces a node_modules.
      { cwd: folder, env: { ...toolEnvironment([]), CI: 'true' } },
    ),
  )
  writeStamp(folder, 'install', stamp)
  return peers
}
