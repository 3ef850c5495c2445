#!/usr/bin/env node
// A page in a browser uses Pendra through its own server, and never sees the key: node src/main.mjs [--json | --serve]
import { once } from 'node:events'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { serve } from '@hono/node-server'
import { createAuth, pendra } from '@pentauth/node'
import { createSandbox } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { createApp } from './app.mjs'
import { piecesOf, visitor } from './visitor.mjs'

const usage = `node src/main.mjs          a visitor of the page, and one who tries what is not allowed
node src/main.mjs --json   only { requests: [{ what, status }], pieces, keySeen }
node src/main.mjs --serve  the page, for a browser, until Ctrl-C
`
/** @type {import('node:util').ParseArgsOptionsConfig} */
const options = { json: { type: 'boolean' }, serve: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } }
const expected = [401, 200, 200, 200, 403, 403, 403, 502]

/**
 * @param {string[]} args
 * @returns {Promise<number>} exit code: 0 when all was answered as it should be and nobody saw the key
 */
async function main(args) {
  const { values } = parseArgs({ args, options })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const say = (/** @type {string} */ text) => values.json || process.stdout.write(`${text}\n`)
  const sandbox = createSandbox({ streamInterval: 10 })
  const pendraServer = await listen(sandbox)
  const made = sandbox.keys.create('pendra', { name: 'app' })
  const env = { PENDRA_API_KEY: made.key, PENDRA_BASE_URL: pendraServer.origins['https://api.pendra.ai'] ?? '' }
  const app = createApp(createAuth(pendra, { env }), ({ error }) => {
    if (error instanceof Error) say(`operator  is told: ${error.message}`)
  })
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 })
  try {
    if (!server.listening) await once(server, 'listening')
    const address = server.address()
    const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    if (values.serve) {
      say(`${origin}/  Ctrl-C ends it`)
      await new Promise((resolve) => void process.once('SIGINT', resolve).once('SIGTERM', resolve))
      return 0
    }
    const { seen, ...visits } = visitor(origin)
    await visits.chat('asks before the login')
    await visits.login()
    const pieces = piecesOf(await visits.chat('asks Pendra'))
    await visits.models()
    await visits.otherPath()
    await visits.upwards()
    await visits.otherSite()
    sandbox.keys.revoke('pendra', made.id)
    await visits.chat('asks after the key was deleted')
    for (const { what, status } of seen) say(`visitor   ${what}: ${status}`)
    const keySeen = seen.some(({ text }) => text.includes(made.key))
    say(`answer    in ${pieces.length} pieces: ${pieces.join('')}`)
    say(`key       ${keySeen ? 'was seen by the visitor' : 'in none of the answers'}`)
    const requests = seen.map(({ what, status }) => ({ what, status }))
    if (values.json) process.stdout.write(`${JSON.stringify({ requests, pieces: pieces.length, keySeen }, null, 2)}\n`)
    const isAsExpected = requests.map(({ status }) => status).join() === expected.join()
    return isAsExpected && pieces.length > 1 && !keySeen ? 0 : 1
  } finally {
    server.close()
    if ('closeAllConnections' in server) server.closeAllConnections()
    await pendraServer.close()
  }
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
