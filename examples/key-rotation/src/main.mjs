#!/usr/bin/env node
// An agent at work while its key is rotated twice: node src/main.mjs [--json]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createSandbox } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { startAgent } from './agent.mjs'
import { operator } from './operator.mjs'

const usage = `node src/main.mjs         an agent at work while its key is rotated twice
node src/main.mjs --json  only { calls, failedCalls, switches: [{ from, to, reason }] }
`
/** Calls of every worker between two steps of the operator. */
const stride = 10

/**
 * @param {string[]} args
 * @returns {Promise<number>} exit code: 0 when no call failed and both rotations were seen
 */
async function main(args) {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const say = (/** @type {string} */ text) => values.json || process.stdout.write(`${text}\n`)
  /** @type {{ from: string, to: string, reason: string }[]} */
  const switches = []
  let isStarted = false
  const onEvent = (/** @type {import('@pentauth/node').PentauthEvent} */ event) => {
    if (event.type === 'service_relocated') say(`agent     ${event.resource} is at ${event.url}, by ${event.by}`)
    // Told for every key; a switch is told with more.
    if (event.type === 'credential_selected' && !isStarted) {
      isStarted = true
      say(`agent     uses ${named(event.credential)} from the file`)
    }
    if (event.type !== 'key_switched') return
    const { from, to, reason } = event
    switches.push({ from: from.fingerprint, to: to.fingerprint, reason })
    say(
      `agent     switched from ${named(from)} to ${named(to)}: the file ${reason === 'changed' ? 'changed' : 'was read again'}`,
    )
  }

  const folder = mkdtempSync(join(tmpdir(), 'pentauth-agent-'))
  const keyPath = join(folder, 'pensyve.key')
  const sandbox = createSandbox()
  const server = await listen(sandbox)
  try {
    const { rotate, endGrace } = operator(sandbox, keyPath)
    const env = { PENSYVE_BASE_URL: server.origins['https://api.pensyve.com'] ?? '' }
    const signal = AbortSignal.timeout(30_000)
    const agent = await startAgent({ keyPath, env, onEvent, signal })
    for (const round of ['first', 'second']) {
      await progress(agent, signal)
      say(`operator  rotates the key for the ${round} time and writes the new one to the file`)
      rotate()
      await progress(agent, signal)
      say('operator  lets 24 hours pass: the old key is refused from now on')
      endGrace()
    }
    await progress(agent, signal)
    await agent.stop()
    const { calls, failed } = agent.count()
    say(`${calls} calls, ${switches.length} switches, no restart`)
    say(`${failed} failed calls`)
    if (values.json) process.stdout.write(`${JSON.stringify({ calls, failedCalls: failed, switches }, null, 2)}\n`)
    return failed === 0 && switches.length === 2 ? 0 : 1
  } finally {
    await server.close()
    rmSync(folder, { recursive: true })
  }
}

/**
 * A key as events show it.
 * @param {import('@pentauth/core').CredentialSummary} summary
 */
const named = ({ preview, fingerprint }) => `${preview}… (sha256 ${fingerprint}…)`

/**
 * Waits until every worker of the agent has made some more calls.
 * @param {import('./agent.mjs').Agent} agent
 * @param {AbortSignal} signal
 */
async function progress(agent, signal) {
  const goal = agent.count().rounds + stride
  while (agent.count().rounds < goal) await sleep(5, undefined, { signal })
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
