// npm run bench: what Pentauth costs, measured on this machine beside its peers. Started by tooling/bootstrap/bench.mjs.
import process from 'node:process'
import { parseArgs } from 'node:util'
import { runCommand } from '../tooling/bootstrap/command.mjs'
import { startStep } from '../tooling/bootstrap/progress.mjs'
import { fetchBench } from './fetch.mjs'
import { headers } from './headers.mjs'
import { importBench } from './import.mjs'
import { installPeers } from './install-peers.mjs'
import { asJson, asRunnable } from './report.mjs'
import { requests } from './requests.mjs'
import { storms } from './storms.mjs'

const benches = [...[headers, fetchBench, importBench].map(asRunnable), storms, requests]
const names = benches.map(({ name }) => name).join(', ')
const SUBJECTS = [...new Set(['pentauth', ...benches.flatMap(({ peers }) => peers)])]

const usage = `npm run bench                    all benches, as tables
npm run bench -- NAME            one of ${names}
npm run -s bench -- --json NAME  only { name, rows: [{ subject, … }] } and the unit; without a name one line for each

  --only TEXT   only subjects with this in their name, such as pentauth; without any peer, none is installed
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
        peers,
        onBlock: (done, blocks) => step.note(`block ${done} of ${blocks}`),
      })
      step.done()
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
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const unknown = positionals.find((name) => !benches.some((bench) => bench.name === name))
    if (unknown !== undefined) {
      const why = unknown.startsWith('-') ? ': options stand before any second --' : ''
      throw new TypeError(`There is no bench "${unknown}"${why}.`)
    }
    const { only, ...flags } = values
    const nobody = only.find((text) => !SUBJECTS.some((subject) => subject.includes(text)))
    if (nobody !== undefined) throw new TypeError(`No subject has "${nobody}" in its name: ${SUBJECTS.join(', ')}.`)
    return {
      ...flags,
      benches: positionals.length === 0 ? benches : benches.filter(({ name }) => positionals.includes(name)),
      wanted: (/** @type {string} */ subject) => only.length === 0 || only.some((text) => subject.includes(text)),
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    process.stderr.write(`${error.message}\n\n${usage}`)
    return undefined
  }
}

await runCommand(() => main(process.argv.slice(2)))
