#!/usr/bin/env node
// A page that signs people in to three services and uses a fourth through a proxy: node src/main.mjs [--dev] [--json]
import process from 'node:process'
import { parseArgs } from 'node:util'
import { createAuth, pendra } from '@pentauth/node'
import { createSandbox } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { serveApp } from './app-server.mjs'
import { createApi } from './pendra-api.mjs'

const usage = `node src/main.mjs         builds the page and serves it, until Ctrl-C
node src/main.mjs --dev   serves it while you change it
node src/main.mjs --json  prints { address, services } on one line
`
const options = /** @type {const} */ ({
  dev: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
})

/** @param {string[]} args */
async function main(args) {
  const { values } = parseArgs({ args, options })
  if (values.help) {
    process.stdout.write(usage)
    return
  }
  // Every time, not once: a Ctrl-C arrives from the terminal and again from npm.
  const stopped = new Promise((resolve) => void process.on('SIGINT', resolve).on('SIGTERM', resolve))
  const sandbox = createSandbox({ streamInterval: 40 })
  const services = await listen(sandbox)
  const { origins } = services
  try {
    const env = {
      PENDRA_API_KEY: sandbox.keys.create('pendra', { name: 'browser-spa' }).key,
      PENDRA_BASE_URL: origins['https://api.pendra.ai'] ?? '',
    }
    const app = await serveApp({ api: createApi(createAuth(pendra, { env })), origins, dev: values.dev })
    try {
      const { address } = app
      process.stdout.write(values.json ? `${JSON.stringify({ address, services: origins })}\n` : opening(address))
      await stopped
    } finally {
      await app.close()
    }
  } finally {
    await services.close()
  }
}

/** @param {string} address */
const opening = (address) => `Open ${address} in a browser, and once more in a second tab.
Pendium, Pensyve, Profundis and Pendra are the sandbox on this machine; nothing leaves it. Ctrl-C ends everything.
`

try {
  await main(process.argv.slice(2))
} catch (error) {
  const unknownOption = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  process.stderr.write(
    unknownOption ? `${error.message}\n\n${usage}` : `${error instanceof Error ? error.stack : error}\n`,
  )
  process.exitCode = unknownOption ? 2 : 1
}
