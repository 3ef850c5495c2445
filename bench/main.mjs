// npm run bench: what Pentauth costs, measured on this machine beside its peers. Started by tooling/bootstrap/bench.mjs.
import process from 'node:process'
import { parseArgs } from 'node:util'
import { runCommand } from '../tooling/bootstrap/command.mjs'
import { startStep } from '../tooling/bootstrap/progress.mjs'
import { bridge } from './bridge.mjs'
import { fetchBench } from './fetch.mjs'
import { headers } from './headers.mjs'
import { importBench } from './import.mjs'
import { installPeers } from './install-peers.mjs'
import { processes } from './processes.mjs'
import { asJson, asRunnable } from './report.mjs'
import { requests } from './requests.mjs'
import { storms } from './storms.mjs'
import { stormsMcp } from './storms-mcp.mjs'

const benches = [...[headers, fetchBench, importBench].map(asRunnable), storms, stormsMcp, requests, processes, bridge]
const names = benches.map(({ name }) => name).join(', ')
const SUBJECTS = [...new Set(['pentauth', ...benches.flatMap(({ peers }) => peers)])]

const usage = `npm run bench                    all benches, as tables
npm run bench -- NAME            one of ${names}
npm run -s bench -- --json NAME  only { name, rows: [{ subject, … }] } and the unit; without a name one line for each

  --only TEXT   only subjects with this in their name, such as pentauth; without any peer, none is installed
  --case TEXT   only cases with this in their name, such as file (processes, bridge)
  --rounds N    so many rounds of each case (processes)
  --quick       a few short turns: shows that it works, not how fast
`

/**
 * @param {string[]} args
 * @returns {Promise<number>} exit code
 */
async function main(args) {
  const asked = parse(args)
  if (asked === undefined) return 2
  if (asked.help) {
    process.stdout.write(usage)
    return 0
  }
  for (const bench of asked.benches) {
    const peers = bench.peers.some(asked.wanted) ? await installPeers() : undefined
    const step = startStep(`Measuring ${bench.name}`)
    try {
      const { rows, table } = await bench.run({
        quick: asked.quick,
        wanted: asked.wanted,
        wantedCase: asked.wantedCase,
        rounds: asked.rounds,
        peers,
        onBlock: (done, blocks) => step.note(`block ${done} of ${blocks}`),
      })
      step.done()
      // People read along, too.
      if (asked.json) process.stderr.write(`\n${table}`)
      process.stdout.write(asked.json ? asJson(bench, rows) : table)
    } catch (error) {
      step.fail()
      throw error
    }
  }
  return 0
}

/**
 * @param {string[]} args
 */
function parse(args) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        case: { type: 'string', multiple: true, default: [] },
        rounds: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const unknown = positionals.find((name) => !benches.some((bench) => bench.name === name))
    if (unknown !== undefined) {
      const why = unknown.startsWith('-') ? ': options stand before any second --' : ''
      throw new TypeError(`There is no bench "${unknown}"${why}.`)
    }
    const { only, case: some, rounds, ...flags } = values
    if (rounds !== undefined && !/^[1-9]\d{0,3}$/.test(rounds))
      throw new TypeError(`"${rounds}" is no number of rounds.`)
    const nobody = only.find((text) => !SUBJECTS.some((subject) => subject.includes(text)))
    if (nobody !== undefined) throw new TypeError(`No subject has "${nobody}" in its name: ${SUBJECTS.join(', ')}.`)
    return {
      ...flags,
      rounds: rounds === undefined ? undefined : Number(rounds),
      benches: positionals.length === 0 ? benches : benches.filter(({ name }) => positionals.includes(name)),
      wanted: (/** @type {string} */ subject) => only.length === 0 || only.some((text) => subject.includes(text)),
      wantedCase: (/** @type {string} */ name) => some.length === 0 || some.some((text) => name.includes(text)),
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    process.stderr.write(`${error.message}\n\n${usage}`)
    return undefined
  }
}

await runCommand(() => main(process.argv.slice(2)))
