// One scenario: the suite's own runner starts its servers and our client, and says what it saw.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { toolEnvironment } from '../tooling/bootstrap/environment.mjs'
import { capture } from '../tooling/bootstrap/processes.mjs'

/** A client that hangs is ended by the runner, and a runner that hangs by us, some time later (ms). */
const PATIENCE_MS = 60_000
const GRACE_MS = 20_000

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {string} description
 * @property {'SUCCESS' | 'FAILURE' | 'WARNING' | 'INFO' | 'SKIPPED'} status
 * @property {string} [errorMessage]
 */

/**
 * @typedef {object} Outcome
 * @property {boolean} pass
 * @property {readonly string[]} reasons why not
 * @property {string} output what the client and the runner printed
 */

/**
 * @param {Pick<import('./plan.mjs').Run, 'suite' | 'scenario' | 'revision'>} run
 * @param {object} circumstances
 * @param {URL} circumstances.suites the folder where the suites are installed
 * @param {string} circumstances.client the client's file, below this folder: the runner splits its command at spaces
 * @param {string} circumstances.expected what the client is to say at its end
 * @param {number} [circumstances.patience] ms that the client has
 * @param {number} [circumstances.grace] ms that the runner has besides
 * @returns {Promise<Outcome>}
 */
export async function runScenario(
  { suite, scenario, revision },
  { suites, client, expected, patience = PATIENCE_MS, grace = GRACE_MS },
) {
  const results = await mkdtemp(join(tmpdir(), 'pentauth-conformance-'))
  try {
    const runner = fileURLToPath(new URL(`node_modules/conformance-${suite}/dist/index.js`, suites))
    const wire = revision === undefined ? [] : ['--spec-version', revision, '--force']
    const about = ['--command', `node ${client}`, '--scenario', scenario, '--timeout', String(patience)]
    const { code, output } = await capture(process.execPath, [runner, 'client', ...about, ...wire, '-o', results], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      env: toolEnvironment([dirname(process.execPath)]),
      timeout: patience + grace,
    })
    const { checks, said } = await read(results)
    const reasons = reasonsOf({ code, checks, said, expected })
    return { pass: reasons.length === 0, reasons, output }
  } finally {
    await rm(results, { recursive: true, force: true })
  }
}

/**
 * The runner's verdict, and two things that it lets pass: a client that did nothing, and one that failed for another reason
 * than the one the scenario is about.
 * @param {object} found
 * @param {number} found.code of the runner
 * @param {readonly Check[]} found.checks
 * @param {string} found.said last line of the client
 * @param {string} found.expected
 * @returns {readonly string[]}
 */
export function reasonsOf({ code, checks, said, expected }) {
  const failed = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING')
  return [
    ...failed.map(({ name, description, errorMessage }) => `${name}: ${errorMessage ?? description}`),
    ...(code !== 0 && failed.length === 0 ? [`the runner ended with exit code ${code}`] : []),
    ...(checks.some(({ status }) => status === 'SUCCESS') ? [] : ['nothing was checked']),
    ...(said === expected ? [] : [`the client ended with "${said}" instead of "${expected}"`]),
  ]
}

/**
 * @param {string} results
 * @returns {Promise<{ checks: readonly Check[], said: string }>} nothing where the runner did not come so far
 */
async function read(results) {
  const files = await readdir(results, { recursive: true })
  const text = async (/** @type {string} */ name) => {
    const file = files.find((path) => path.endsWith(name))
    return file === undefined ? '' : readFile(join(results, file), 'utf8')
  }
  const checks = JSON.parse((await text('checks.json')) || '[]')
  const said = (await text('stdout.txt')).trimEnd().split('\n').at(-1) ?? ''
  return { checks, said }
}
