// npm run size: what a page has to load of Pentauth, and of its peers. Started by tooling/bootstrap/size.mjs.
import process from 'node:process'
import { parseArgs } from 'node:util'
import { runCommand } from '../tooling/bootstrap/command.mjs'
import { startStep } from '../tooling/bootstrap/progress.mjs'
import { installPeers } from './install-peers.mjs'
import { ownRows, peerRows } from './size-rows.mjs'

const usage = `npm run size                     bytes of what a page loads, minified and with gzip, beside the peers
npm run -s size -- --json        only { name, unit, rows: [{ subject, entry, min, gzip }] }

  --only pentauth   without the peers, so nothing is installed for them
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
  const peers = asked.only === undefined ? await installPeers(new URL('size-peers/', import.meta.url)) : undefined
  const step = startStep('Bundling')
  try {
    const rows = [...(await ownRows()), ...(peers ? await peerRows(peers) : [])]
    step.done()
    process.stdout.write(asked.json ? `${JSON.stringify({ name: 'size', unit: 'bytes', rows })}\n` : asTable(rows))
    return 0
  } catch (error) {
    step.fail()
    throw error
  }
}

/** @param {string[]} args */
function parse(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        json: { type: 'boolean', default: false },
        only: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.only !== undefined && values.only !== 'pentauth') throw new TypeError('Only "pentauth" can be alone.')
    return values
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    process.stderr.write(`${error.message}\n\n${usage}`)
    return undefined
  }
}

/** @param {readonly import('./size-rows.mjs').SizeRow[]} rows */
function asTable(rows) {
  const cells = [
    ['subject', 'entry', 'min', 'gzip'],
    ...rows.map(({ subject, entry, min, gzip }) => [
      subject,
      entry,
      min.toLocaleString('en'),
      gzip.toLocaleString('en'),
    ]),
  ]
  const width = (/** @type {number} */ column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))
  const lines = cells.map(
    ([subject = '', entry = '', min = '', gzip = '']) =>
      `  ${subject.padEnd(width(0))}  ${entry.padEnd(width(1))}  ${min.padStart(width(2))}  ${gzip.padStart(width(3))}`,
  )
  return `size: bytes that a page loads, minified and with gzip -9; fewer are better\n\n${lines.join('\n')}\n\n`
}

await runCommand(() => main(process.argv.slice(2)))
