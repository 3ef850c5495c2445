#!/usr/bin/env node
// npm run demo: the five services on loopback, each called with a key or client from the environment.
import process from 'node:process'
import { parseArgs } from 'node:util'
import { createSandbox } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { play } from './play.mjs'
import { scenes } from './scenes.mjs'
import { closing, opening, screen } from './screen.mjs'

const usage = `npm run demo               the demo for people
npm run -s demo -- --json  only [{ service, resource, credential, header, operation, status, ok, ms }]
`

/**
 * @param {string[]} args
 * @returns {Promise<number>} exit code: 0 when every outcome is the documented one
 */
async function main(args) {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const sandbox = createSandbox()
  const server = await listen(sandbox)
  /** @type {import('./play.mjs').Row[]} */
  const rows = []
  try {
    if (!values.json) opening(server.origins)
    const show = values.json ? { found() {}, row() {} } : screen()
    for (const scene of scenes(sandbox)) {
      await play({ sandbox, origins: server.origins }, scene, {
        found: show.found,
        row(call, row, told) {
          rows.push(row)
          show.row(call, row, told)
        },
      })
    }
  } finally {
    await server.close()
  }
  if (values.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
  else closing(rows)
  return rows.length > 0 && rows.every(({ ok }) => ok) ? 0 : 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const unknownOption = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  process.stderr.write(
    unknownOption ? `${error.message}\n\n${usage}` : `${error instanceof Error ? error.stack : error}\n`,
  )
  process.exitCode = unknownOption ? 2 : 1
}
