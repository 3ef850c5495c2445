// The peers are no dependencies of this repository: they are installed into peers/ when a bench first runs.
import { fileURLToPath } from 'node:url'
import { toolEnvironment } from '../tooling/bootstrap/environment.mjs'
import { installFingerprint, isStamped, writeStamp } from '../tooling/bootstrap/fingerprint.mjs'
import { must } from '../tooling/bootstrap/processes.mjs'
import { inStep } from '../tooling/bootstrap/progress.mjs'

const FOLDER = new URL('peers/', import.meta.url)

/**
 * @returns {Promise<URL>} the folder from which the peers can be imported
 */
export async function installPeers() {
  const folder = fileURLToPath(FOLDER)
  const stamp = /** @type {const} */ ({ fingerprint: installFingerprint(folder), scope: 'all' })
  if (isStamped(folder, 'install', stamp)) return FOLDER
  await inStep('Installing the peers (once)', () =>
    must(
      'pnpm install',
      'pnpm',
      ['install', '--ignore-workspace', '--frozen-lockfile', '--ignore-scripts', '--reporter=append-only'],
      // CI=true: pnpm never asks before it replaces a node_modules.
      { cwd: folder, env: { ...toolEnvironment([]), CI: 'true' } },
    ),
  )
  writeStamp(folder, 'install', stamp)
  return FOLDER
}
