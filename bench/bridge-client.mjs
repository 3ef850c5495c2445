// A bridge as a client of MCP has it: a process that the official client starts, which speaks MCP on stdin and stdout.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { inTime } from './storms.mjs'

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {(url: string) => readonly string[]} args of Node
 * @property {(folder: string) => Record<string, string>} env that has it keep its sign-ins in that folder
 */

/**
 * @typedef {object} Bridge connected
 * @property {() => Promise<unknown>} call one `tools/call`
 * @property {() => void} expire lets its clock reach the end of the token
 * @property {() => Promise<void>} close
 */

const person = fileURLToPath(new URL('bridge-browser.mjs', import.meta.url))

/** @type {Contender} */
export const ours = {
  name: 'pentauth',
  args: (url) => [fileURLToPath(new URL('dist/main.js', import.meta.resolve('pentauth/package.json'))), 'bridge', url],
  // It asks whether there is a screen; where there is one, the peer's opener prefers the desktop's browser to the one that is named.
  env: (folder) => ({ PENTAUTH_HOME: folder, DISPLAY: ':0' }),
}

/**
 * @param {URL} peers the folder where it is installed
 * @returns {Contender}
 */
export function mcpRemote(peers) {
  const main = fileURLToPath(new URL('node_modules/mcp-remote/dist/proxy.js', peers))
  return { name: 'mcp-remote', args: (url) => [main, url], env: (folder) => ({ MCP_REMOTE_CONFIG_DIR: folder }) }
}

/** A folder for the sign-ins of a person at this machine, whose browser allows what it is shown. */
export function newPerson() {
  const folder = mkdtempSync(join(tmpdir(), 'pentauth-bench-'))
  const browser = join(folder, 'browser')
  writeFileSync(browser, `#!/bin/sh\nexec '${process.execPath}' '${person}' "$1"\n`)
  chmodSync(browser, 0o700)
  return { folder, browser, gone: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) }
}

/** Bridges that run: none is left behind, whatever ends the bench. @type {Set<number>} */
const running = new Set()
process.on('exit', () => {
  for (const pid of running) kill(pid)
})

/** @param {number} pid */
function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/**
 * Starts a bridge, and has it greet the server, which signs the person in where nobody is yet.
 * @param {Contender} contender
 * @param {ReturnType<typeof newPerson>} person
 * @param {string} url of the MCP server
 * @returns {Promise<Bridge>}
 */
export async function startBridge({ name, args, env }, { folder, browser }, url) {
  const clock = ['--import', new URL('bridge-ahead.mjs', import.meta.url).href]
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...clock, ...args(url)],
    // Nothing of ours in its environment: subjects look for settings there.
    env: { PATH: process.env.PATH ?? '', HOME: folder, BROWSER: browser, ...env(folder) },
    stderr: 'pipe',
    cwd: folder,
  })
  let said = ''
  transport.stderr?.on('data', (data) => {
    said = `${said}${data}`.slice(-2000)
  })
  const client = new Client({ name: 'bench', version: '1.0.0' })
  let pid = 0
  const close = async () => {
    // The transport waits for its end, and then sends it the signals.
    await client.close().catch(() => undefined)
    kill(pid)
    running.delete(pid)
  }
  try {
    const connected = inTime(client.connect(transport))
    pid = transport.pid ?? 0
    if (pid > 0) running.add(pid)
    await connected
  } catch (error) {
    await close()
    throw new Error(`${name} did not start: ${error instanceof Error ? error.message : error}\n${said}`)
  }
  return {
    call: () => client.callTool({ name: 'echo', arguments: {} }),
    expire: () => void process.kill(pid, 'SIGUSR2'),
    close,
  }
}
