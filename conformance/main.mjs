// npm run conformance: the official MCP conformance suites against our adapter. Started by tooling/bootstrap/conformance.mjs.
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { installPeers } from '../bench/install-peers.mjs'
import { runCommand } from '../tooling/bootstrap/command.mjs'
import { startStep } from '../tooling/bootstrap/progress.mjs'
import { planOf, SDKS, SUITES } from './plan.mjs'
import { refusals } from './refusals.mjs'
import { asJson, asTables, complaintsOf } from './report.mjs'
import { runScenario } from './scenario.mjs'

const usage = `npm run conformance                all suites on both SDKs, as tables
npm run -s conformance -- --json   only { name, rows: [{ suite, sdk, scenario, required, pass }] }

  --suite TEXT     only suites with this in their name: ${SUITES.join(', ')}
  --sdk NAME       only this one: ${SDKS.join(', ')}
  --scenario TEXT  only scenarios with this in their name, such as iss-
  --verbose        also what the clients of failed scenarios printed
`

/**
 * @param {string[]} args
 * @returns {Promise<number>} exit code: 1 where a required scenario fails that is not expected to
 */
async function main(args) {
  const asked = parse(args)
  if (asked === undefined) return 2
  if (asked.help) {
    process.stdout.write(usage)
    return 0
  }
  const suites = await installPeers(new URL('suites/', import.meta.url), 'the suites')
  const plan = (await planOf(suites)).filter(asked.wanted)
  if (plan.length === 0) {
    process.stderr.write(`No scenario fits.\n\n${usage}`)
    return 2
  }
  const found = await runAll(plan, suites, asked.verbose)
  const expected = JSON.parse(await readFile(new URL('expected-failures.json', import.meta.url), 'utf8'))
  const tables = asTables(found, expected)
  // People read along, too.
  if (asked.json) process.stderr.write(`\n${tables}`)
  process.stdout.write(asked.json ? asJson(found) : tables)
  const complaints = complaintsOf(found, expected)
  for (const complaint of complaints) process.stderr.write(`✗ ${complaint}\n`)
  return complaints.length === 0 ? 0 : 1
}

/**
 * @param {readonly import('./plan.mjs').Run[]} plan
 * @param {URL} suites
 * @param {boolean} verbose
 * @returns {Promise<readonly import('./report.mjs').Found[]>} in the order of the plan
 */
async function runAll(plan, suites, verbose) {
  const step = startStep(`Running ${plan.length} scenarios`)
  /** @type {import('./report.mjs').Found[]} */
  const found = []
  let next = 0
  let done = 0
  const work = async () => {
    for (let index = next++; index < plan.length; index = next++) {
      const run = /** @type {import('./plan.mjs').Run} */ (plan[index])
      const { suite, sdk, scenario, required } = run
      const expected = refusals[scenario] ?? 'ok'
      const { pass, reasons, output } = await runScenario(run, { suites, client: `clients/${sdk}.mjs`, expected })
      found[index] = { suite, sdk, scenario, required, pass, reasons }
      step.note(`${++done} of ${plan.length}`)
      for (const reason of reasons) process.stderr.write(`  ${scenario} (${suite}, ${sdk}): ${reason}\n`)
      if (verbose && !pass) process.stderr.write(`${output}\n`)
    }
  }
  // Each is a runner and a client; the scenarios' own timeouts want a machine that is not flooded.
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work))
  step.done()
  return found
}

/** @param {string[]} args */
function parse(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        json: { type: 'boolean', default: false },
        suite: { type: 'string', default: '' },
        sdk: { type: 'string', default: '' },
        scenario: { type: 'string', default: '' },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const { suite, sdk, scenario, ...flags } = values
    const wanted = (/** @type {import('./plan.mjs').Run} */ run) =>
      run.suite.includes(suite) && run.sdk.includes(sdk) && run.scenario.includes(scenario)
    return { ...flags, wanted }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    process.stderr.write(`${error.message}\n\n${usage}`)
    return undefined
  }
}

await runCommand(() => main(process.argv.slice(2)))
