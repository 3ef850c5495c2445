// What children see: our Node and pnpm first, and nothing that makes a tool phone home, ask or behave as in production.
import { accessSync, constants, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')

/** @returns {string} the folder for what is downloaded once per machine */
export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pentauth')
}

/**
 * @param {string} name
 * @param {string} [path]
 * @returns {string | undefined} the full path of an executable on PATH
 */
export function onPath(name, path = process.env.PATH ?? '') {
  const names = process.platform === 'win32' ? [`${name}.exe`, `${name}.cmd`] : [name]
  for (const folder of path.split(delimiter)) {
    for (const candidate of names) {
      const file = join(folder, candidate)
      if (folder !== '' && isExecutable(file)) return file
    }
  }
  return undefined
}

/**
 * @param {string} file
 * @returns {boolean}
 */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/**
 * @param {readonly string[]} folders put before PATH
 * @param {NodeJS.ProcessEnv} [inherited]
 * @returns {NodeJS.ProcessEnv}
 */
export function toolEnvironment(folders, inherited = process.env) {
  /** @type {NodeJS.ProcessEnv} */
  const env = {}
  for (const [name, value] of Object.entries(inherited)) {
    // `npm run` describes this folder and its own flags to its script; to an npm or pnpm started below they would be orders.
    if (/^npm_(package|lifecycle|command|execpath|node_execpath)/.test(name)) continue
    if (/^npm_config_(local_prefix|prefix|global|loglevel|user_agent|workspaces?|production|omit)$/i.test(name))
      continue
    if (name === 'INIT_CWD' || name === 'NODE_ENV' || name === 'NODE_TEST_CONTEXT') continue
    env[name] = value
  }
  return {
    ...env,
    PATH: [...folders, inherited.PATH ?? ''].filter((part) => part !== '').join(delimiter),
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
    // A Node from npm trusts its own list of certificates only; what the machine trusts may matter, as behind a proxy.
    NODE_USE_SYSTEM_CA: '1',
    // A script must not start an install of its own: we have just made the right one, perhaps of a part only.
    PNPM_CONFIG_VERIFY_DEPS_BEFORE_RUN: 'false',
    // The age of each version was checked when it entered the lockfile. Checking again asks the registry about every
    // package at once, and one that answers a burst slowly turns ten seconds into ninety.
    PNPM_CONFIG_MINIMUM_RELEASE_AGE: '0',
  }
}
