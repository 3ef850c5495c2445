// Node and pnpm: the machine's own where they fit, else from npm into a cache folder.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cacheFolder, onPath, toolEnvironment } from './environment.mjs'
import { BootstrapError } from './hints.mjs'
import { capture, must, onInterrupt } from './processes.mjs'
import { inStep } from './progress.mjs'
import { BROUGHT, nodeFits, pnpmFits } from './versions.mjs'

const DAY = 86_400_000

/**
 * @typedef {object} Toolchain
 * @property {string} node path of the Node to run things with
 * @property {readonly string[]} folders to put before PATH
 */

/**
 * @param {readonly ('node' | 'pnpm')[]} tools pnpm is left out when nothing has to be installed or built
 * @returns {Promise<Toolchain>}
 */
export async function bringToolchain(tools) {
  const ownNode = nodeFits(process.versions.node)
  const ownPnpm = tools.includes('pnpm') ? await machinePnpm() : undefined
  const missing = tools.filter((tool) => (tool === 'node' ? !ownNode : ownPnpm === undefined))
  const absent = missing.filter((tool) => !isThere(tool))
  if (absent.length > 0) {
    const names = absent.map((tool) => `${tool === 'node' ? 'Node' : tool} ${BROUGHT[tool]}`).join(' and ')
    await inStep(`Fetching ${names} from npm (once)`, () => Promise.all(absent.map(fetchTool)))
  }
  const folders = missing.map(binFolder)
  if (ownNode) folders.push(dirname(process.execPath))
  if (ownPnpm !== undefined) folders.push(dirname(ownPnpm))
  const node = ownNode ? process.execPath : join(binFolder('node'), 'node')
  return { node, folders }
}

/** @returns {Promise<string | undefined>} */
async function machinePnpm() {
  const file = onPath('pnpm')
  if (file === undefined) return undefined
  // Outside the repository and offline: a pnpm shim must answer for itself, not fetch the version asked for.
  const env = { ...process.env, COREPACK_ENABLE_NETWORK: '0', COREPACK_ENABLE_DOWNLOAD_PROMPT: '0' }
  const { code, output } = await capture(file, ['--version'], { cwd: tmpdir(), env, timeout: 10_000 })
  return code === 0 && pnpmFits(output) ? file : undefined
}

/** @param {'node' | 'pnpm'} tool */
function toolFolder(tool) {
  return join(cacheFolder(), `${tool}-${BROUGHT[tool]}-${process.platform}-${process.arch}`)
}

/** @param {'node' | 'pnpm'} tool */
function isThere(tool) {
  return existsSync(join(binFolder(tool), tool))
}

/** @param {'node' | 'pnpm'} tool */
function binFolder(tool) {
  return join(toolFolder(tool), 'node_modules', '.bin')
}

/**
 * Installs into a temporary folder, tries the result, and only then gives it its name: an interrupted download is never
 * mistaken for a tool, and two runs at once do not meet.
 * @param {'node' | 'pnpm'} tool
 */
async function fetchTool(tool) {
  const cache = cacheFolder()
  const version = BROUGHT[tool]
  try {
    mkdirSync(cache, { recursive: true })
  } catch {
    throw new BootstrapError(`${cache} cannot be made.`, { hint: 'XDG_CACHE_HOME chooses another folder.' })
  }
  sweep(cache)
  const incoming = mkdtempSync(join(cache, '.incoming-'))
  const discard = () => {
    try {
      rmSync(incoming, { recursive: true, force: true, maxRetries: 3 })
    } catch {
      // Something still writes there. The next run sweeps it away.
    }
  }
  onInterrupt(discard)
  try {
    // npm may hold back install scripts it has not been told about, and `node` is put in place by one.
    writeFileSync(join(incoming, 'package.json'), JSON.stringify({ private: true, allowScripts: { [tool]: true } }))
    // Without a network npm tries for minutes. As a variable, because `node` is installed by an npm inside this one.
    const env = { ...toolEnvironment([]), npm_config_fetch_retries: '1', npm_config_fetch_retry_mintimeout: '1000' }
    const [npm, args] = npmCommand()
    const flags = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error', '--ignore-scripts=false']
    await must(`npm install ${tool}@${version}`, npm, [...args, 'install', ...flags, `${tool}@${version}`], {
      cwd: incoming,
      env,
    })
    const bin = join(incoming, 'node_modules', '.bin')
    const answer = await must(`${tool} --version`, join(bin, tool), ['--version'], {
      cwd: incoming,
      env: toolEnvironment([bin]),
    })
    if (answer.trim().replace(/^v/, '') !== version) {
      throw new BootstrapError(`npm brought ${tool} ${answer.trim()} where ${version} was asked for.`, {
        hint:
          tool === 'node'
            ? `install Node ${version.split('.')[0]} by other means and run this again.`
            : `install pnpm ${version} by other means and run this again.`,
      })
    }
    // What stands there without its program is a cache that somebody cleaned in part.
    if (!isThere(tool)) rmSync(toolFolder(tool), { recursive: true, force: true })
    try {
      renameSync(incoming, toolFolder(tool))
    } catch (error) {
      // Another run was faster: its folder is as good as ours.
      if (!isThere(tool)) throw error
    }
  } finally {
    discard()
  }
}

/**
 * npm as it was started, where we know it; on PATH otherwise.
 * @returns {readonly [string, readonly string[]]}
 */
function npmCommand() {
  const script = process.env.npm_execpath
  if (script?.endsWith('npm-cli.js') && existsSync(script)) return [process.execPath, [script]]
  const file = onPath('npm')
  if (file === undefined) throw new BootstrapError('npm is not on PATH.', { hint: 'it comes with Node: install Node.' })
  return [file, []]
}

/**
 * Removes what a killed run left behind.
 * @param {string} cache
 */
function sweep(cache) {
  for (const name of readdirSync(cache)) {
    if (!name.startsWith('.incoming-')) continue
    const folder = join(cache, name)
    const age = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age > DAY) rmSync(folder, { recursive: true, force: true })
  }
}
