#!/usr/bin/env node
// npm run demo: the five services on loopback, called with keys and clients from the environment and by people who sign in.
import process from 'node:process'
import { parseArgs } from 'node:util'
import { PentauthError } from '@pentauth/node'
import { createSandbox } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { atTheKeyboard, headless } from './person.mjs'
import { play } from './play.mjs'
import { scenes } from './scenes.mjs'
import { closing, opening, screen } from './screen.mjs'

const usage = `npm run demo               the demo for people
npm run demo -- --open     you sign in yourself, in the browser
npm run -s demo -- --json  only [{ service, resource, credential, header, operation, status, ok, ms }]
`

const options = /** @type {const} */ ({
  json: { type: 'boolean' },
  open: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
})

/**
 * @param {string[]} args
 * @param {AbortController} stop
 * @returns {Promise<number>} exit code: 0 when every outcome is the documented one
 */
async function main(args, stop) {
  const { values } = parseArgs({ args, options })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const sandbox = createSandbox()
  const server = await listen(sandbox)
  /** @type {import('./play.mjs').Row[]} */
  const rows = []
  try {
    // With --json, stdout belongs to the rows.
    const say = (/** @type {string} */ text) => void (values.json ? process.stderr : process.stdout).write(text)
    if (values.open) {
      // Every time, not once: a Ctrl-C arrives from the terminal and again from the command that started the demo.
      for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => stop.abort(signal))
    }
    const person = values.open ? atTheKeyboard(say, stop.signal) : headless()
    if (!values.json) opening(server.origins)
    const show = values.json ? { found() {}, row() {} } : screen()
    for (const scene of scenes(sandbox)) {
      stop.signal.throwIfAborted()
      await play({ sandbox, origins: server.origins, person }, scene, {
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

const stop = new AbortController()
try {
  process.exitCode = await main(process.argv.slice(2), stop)
} catch (error) {
  const unknownOption = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  if (stop.signal.aborted) {
    process.stderr.write('\nStopped.\n')
    process.exitCode = stop.signal.reason === 'SIGINT' ? 130 : 143
  } else {
    const plain = unknownOption || PentauthError.isInstance(error)
    const text = error instanceof Error ? (plain ? error.message : error.stack) : error
    process.stderr.write(`${text}\n${unknownOption ? `\n${usage}` : ''}`)
    process.exitCode = unknownOption ? 2 : 1
  }
}
