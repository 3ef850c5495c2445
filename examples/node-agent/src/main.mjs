#!/usr/bin/env node
// One agent, twice: with a key in CI, and with a sign-in on a laptop. node src/main.mjs [--json] [--open]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { createSandbox } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'

const usage = `node src/main.mjs         one agent: with a key in CI, with a sign-in on a laptop
node src/main.mjs --open  the same, and you sign in yourself, in your browser
node src/main.mjs --json  only [{ where, credential, source, status }]
`
const here = (/** @type {string} */ name) => join(import.meta.dirname, name)

/**
 * @param {string[]} args
 * @returns {Promise<number>} exit code: 0 when the agent did its work in both places
 */
async function main(args) {
  const options = /** @type {const} */ ({
    json: { type: 'boolean' },
    open: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  })
  const { values } = parseArgs({ args, options })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const say = (/** @type {string} */ line) => values.json || process.stdout.write(`${line}\n`)
  const home = mkdtempSync(join(tmpdir(), 'pentauth-agent-'))
  const sandbox = createSandbox()
  const server = await listen(sandbox)
  try {
    const { PATH = '' } = process.env
    const machine = { PATH, PENTAUTH_HOME: home, SANDBOX_ORIGINS: JSON.stringify(server.origins) }
    const ci = { ...machine, CI: 'true', PROFUNDIS_API_KEY: sandbox.keys.create('profundis').key }
    // With --open the laptop is this one, and everything its browser needs; else nobody has to be there.
    const { PROFUNDIS_API_KEY: _, ...own } = process.env
    const laptop = values.open ? { ...own, ...machine } : { ...machine, BROWSER: here('person.mjs'), DISPLAY: ':0' }

    say('In CI, PROFUNDIS_API_KEY is set:')
    const inCI = await run('agent.mjs', ci)
    say(`  ${inCI}`)
    say('On a laptop it is not. A person signs in once:')
    await run('login.mjs', laptop)
    say('and from then on the same agent works there, in every process:')
    const onLaptop = await run('agent.mjs', laptop)
    say(`  ${onLaptop}`)

    const rows = [
      { where: 'ci', ...JSON.parse(inCI) },
      { where: 'laptop', ...JSON.parse(onLaptop) },
    ]
    if (values.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
    return rows.every(({ status }) => status === 200) ? 0 : 1
  } finally {
    await server.close()
    rmSync(home, { recursive: true })
  }
}

/**
 * Runs a program of this example to its end.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} what it printed
 */
async function run(name, env) {
  const child = spawn(process.execPath, [here(name)], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  if (code !== 0) throw new Error(`${name} ended with ${code}`)
  return printed.trim()
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
