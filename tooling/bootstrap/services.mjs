// Chromium and Redis for the tests: what is there, else from apt where we may, else one line that says what to do. With them comes a
// keychain, if apt has one; without it the tests of the keychain are skipped and say so.
import { readFileSync } from 'node:fs'
import { isExecutable, onPath, toolEnvironment } from './environment.mjs'
import { BootstrapError } from './hints.mjs'
import { capture, must } from './processes.mjs'
import { inStep } from './progress.mjs'

/**
 * @typedef {object} Service
 * @property {string} name
 * @property {'CHROMIUM_PATH' | 'REDIS_SERVER_PATH'} variable
 * @property {readonly string[]} commands
 * @property {string} debian package
 * @property {string} brew package
 */

/** @type {readonly Service[]} */
export const SERVICES = [
  {
    name: 'Chromium',
    variable: 'CHROMIUM_PATH',
    commands: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    debian: 'chromium',
    brew: '--cask chromium',
  },
  {
    name: 'Redis',
    variable: 'REDIS_SERVER_PATH',
    commands: ['redis-server', 'valkey-server'],
    debian: 'redis-server',
    brew: 'redis',
  },
]

/** Nice to have: never installed for its own sake, as on the desk of somebody who has another keychain. */
const KEYCHAIN = { command: 'gnome-keyring-daemon', debian: ['gnome-keyring', 'dbus-daemon'] }

/**
 * @param {readonly string[]} [variables] of the services that are needed; all of them, and the keychain, unless given
 * @returns {Promise<Record<string, string>>} paths by variable name
 */
export async function bringServices(variables) {
  const needed = SERVICES.filter(({ variable }) => variables?.includes(variable) ?? true)
  const missing = needed.filter((service) => locate(service) === undefined)
  const extras = variables || onPath(KEYCHAIN.command) ? [] : KEYCHAIN.debian
  if (missing.length > 0) await installServices(missing, extras)
  return Object.fromEntries(needed.map((service) => [service.variable, locate(service) ?? '']))
}

/**
 * @param {Service} service
 * @returns {string | undefined}
 */
function locate(service) {
  const chosen = process.env[service.variable]
  if (chosen !== undefined && chosen !== '') {
    if (isExecutable(chosen)) return chosen
    throw new BootstrapError(`${service.variable} is set, but no program is at ${chosen}.`)
  }
  for (const command of service.commands) {
    const file = onPath(command)
    if (file !== undefined) return file
  }
  return undefined
}

/**
 * @param {readonly Service[]} missing
 * @param {readonly string[]} extras packages that may be missing
 */
async function installServices(missing, extras) {
  const apt = await aptGet()
  if (apt === undefined) throw new BootstrapError(advice(missing, process.platform))
  const [command, ...first] = apt
  const env = { ...toolEnvironment([]), DEBIAN_FRONTEND: 'noninteractive' }
  const packages = missing.map((service) => service.debian)
  await inStep(`Installing ${packages.join(' and ')} with apt (once)`, async () => {
    await must('apt-get update', command, [...first, 'update', '-q'], { env })
    const flags = ['install', '-y', '-q', '--no-install-recommends']
    if (extras.length > 0) {
      const { code } = await capture(command, [...first, ...flags, ...packages, ...extras], { env })
      if (code === 0) return
    }
    await must('apt-get install', command, [...first, ...flags, ...packages], { env })
  })
  const still = missing.filter((service) => locate(service) === undefined)
  if (still.length > 0) throw new BootstrapError(advice(still, process.platform))
}

/**
 * @param {readonly Service[]} missing
 * @param {NodeJS.Platform} platform
 * @returns {string} one line
 */
export function advice(missing, platform) {
  const names = missing.map((service) => service.name).join(' and ')
  const variables = missing.map((service) => service.variable).join(' and ')
  const how =
    platform === 'darwin'
      ? missing.map((service) => `brew install ${service.brew}`).join(' && ')
      : `sudo apt-get install ${missing.map((service) => service.debian).join(' ')}, or your system's packages`
  return `The tests need ${names}: install (${how}), or point ${variables} to the program.`
}

/** @returns {Promise<readonly [string, ...string[]] | undefined>} how to call apt-get here without being asked anything */
async function aptGet() {
  const file = onPath('apt-get')
  if (file === undefined || !isDebian()) return undefined
  if (process.getuid?.() === 0) return [file]
  const sudo = onPath('sudo')
  if (sudo === undefined) return undefined
  const { code } = await capture(sudo, ['-n', 'true'], { timeout: 5000 })
  return code === 0 ? [sudo, '-n', 'DEBIAN_FRONTEND=noninteractive', file] : undefined
}

/** Debian only: elsewhere the same package name may be a stub that asks for another package manager. */
function isDebian() {
  try {
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return false
  }
}
