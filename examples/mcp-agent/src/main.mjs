#!/usr/bin/env node
// The tools of four services, and of a server of which only the address is known. node src/main.mjs [--json] [--open]
import process from 'node:process'
import { parseArgs } from 'node:util'
import { mcpService } from '@pentauth/mcp'
import {
  createAuth,
  memoryStore,
  PentauthError,
  pendium,
  pensyve,
  pentographer,
  profundis,
  relocate,
  signIn,
} from '@pentauth/node'
import { createSandbox, signInAt } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { useTools } from './agent.mjs'

const usage = `node src/main.mjs         lists and calls the tools of every server
node src/main.mjs --open  the same, and you sign in yourself, in your browser
node src/main.mjs --json  only [{ server, credential, tools, called, answer }]
`

/**
 * @param {string[]} args
 * @returns {Promise<number>} exit code: 0 when every server answered
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
  const sandbox = createSandbox()
  const server = await listen(sandbox)
  try {
    const rows = []
    for (const { service, tool } of serversOf(server.origins)) {
      const store = memoryStore()
      const auth = createAuth(service, { env: environmentOf(sandbox), store })
      const way = (/** @type {import('@pentauth/mcp').SignInWanted} */ { service, challenge }) =>
        signIn(service, { store, ...(challenge ? { challenge } : {}), ...(values.open ? {} : { present }) })
      const found = await useTools(auth, way, tool)
      const { kind, source } = await auth.credential(service.resources.mcp.url)
      rows.push({ server: service.name, credential: kind, source, ...found })
      if (!values.json) process.stdout.write(lineOf(rows.at(-1)))
    }
    if (values.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
    return 0
  } finally {
    await server.close()
  }
}

/**
 * The servers, where the sandbox has them, and a tool of each that needs no arguments.
 * @param {Readonly<Record<string, string>>} origins
 */
function serversOf(origins) {
  const unknown = relocate(profundis, origins).resources.mcp.url
  return [
    { service: relocate(pendium, origins), tool: 'get_account' },
    { service: relocate(pensyve, origins), tool: 'pensyve_status' },
    { service: relocate(profundis, origins), tool: 'whoami' },
    { service: relocate(pentographer, origins), tool: 'list_projects' },
    { service: mcpService(unknown, { name: 'A server by its address' }), tool: 'get_credits' },
  ]
}

/**
 * What the environment of the agent holds: a key of Pensyve, a client of Pentographer; at the others people sign in.
 * @param {import('@pentauth/sandbox').Sandbox} sandbox
 */
function environmentOf({ keys, clients }) {
  const { clientId, clientSecret } = clients.create('pentographer')
  return {
    PENSYVE_API_KEY: keys.create('pensyve').key,
    PENTOGRAPHER_CLIENT_ID: clientId,
    PENTOGRAPHER_CLIENT_SECRET: clientSecret,
  }
}

/** Stands for the browser and the person in it. @type {import('@pentauth/node').Present} */
async function present(request) {
  if (request.way === 'redirect') return signInAt(fetch, request.url)
}

/** @param {{ server: string, credential: string, source: string, tools: number, called: string, answer: string } | undefined} row */
function lineOf(row) {
  if (row === undefined) return ''
  const { server, credential, source, tools, called, answer } = row
  return `${server}: ${tools} tools by ${credential} (${source})\n  ${called}: ${answer.replaceAll(/\s+/g, ' ').slice(0, 80)}\n`
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const unknownOption = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  const text = PentauthError.isInstance(error) ? error.message : error instanceof Error ? error.stack : String(error)
  process.stderr.write(unknownOption ? `${error.message}\n\n${usage}` : `${text}\n`)
  process.exitCode = unknownOption ? 2 : 1
}
