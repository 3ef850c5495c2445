// 20 `tools/call` at once through the official MCP clients after the server has ended their access token: how many token requests
// that takes, how many calls come through, how many times somebody is sent to sign in. And what a sign-in and an expired call cost.
import { oursOnBoth } from './mcp-client.mjs'
import { startWorld } from './oauth-client.mjs'
import { inTime, withoutWarnings } from './storms.mjs'

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {import('./oauth-server.mjs').Setup} setup
 * @property {'storm' | 'expired' | 'cold' | 'cold, known'} kind
 * @property {Goal} goal
 */

/**
 * @typedef {object} Goal
 * @property {string} text
 * @property {number} tokenRequests at most
 * @property {number} redirects exactly
 * @property {number} [requests] at most
 */

/**
 * @typedef {object} Row
 * @property {string} subject
 * @property {string} case
 * @property {number} calls
 * @property {number} ok
 * @property {number} tokenRequests
 * @property {boolean} sessionAlive
 * @property {number} redirects
 * @property {number} requests all that the server got, without the page that the person's browser opens
 */

const CALLS = 20

/**
 * @param {number} scale of all waiting times
 * @returns {readonly Case[]}
 */
export function casesOf(scale) {
  const latency = 100 * scale
  const storm = {
    text: '1 token request, every call ok, session alive, nobody sent away',
    tokenRequests: 1,
    redirects: 0,
  }
  const cold = { text: 'at most 9 requests', tokenRequests: 1, redirects: 1, requests: 9 }
  return [
    { name: 'refused', kind: 'storm', setup: { latency, forgives: true }, goal: storm },
    { name: 'refused, reuse detection', kind: 'storm', setup: { latency }, goal: storm },
    { name: 'refused, staggered', kind: 'storm', setup: { latency, spread: 300 * scale }, goal: storm },
    {
      name: 'expired call',
      kind: 'expired',
      setup: {},
      goal: { text: '2 requests, one of them for a token', tokenRequests: 1, redirects: 0, requests: 2 },
    },
    { name: 'first list', kind: 'cold', setup: {}, goal: cold },
    {
      name: 'first list, known client and scope',
      kind: 'cold, known',
      setup: {},
      goal: { ...cold, text: 'at most 7 requests', requests: 7 },
    },
  ]
}

/** @type {import('./report.mjs').Runnable} */
export const stormsMcp = {
  name: 'storms-mcp',
  peers: ['@modelcontextprotocol/sdk (v1)', '@modelcontextprotocol/client (v2)', '@ai-sdk/mcp'],
  async run({ quick, wanted, peers, onBlock }) {
    const world = await startWorld()
    const place = { origin: world.origin, url: `${world.origin}/mcp` }
    try {
      /** @type {readonly import('./mcp-client.mjs').McpContender[]} */
      const theirs = peers ? (await import(new URL('mcp-clients.mjs', peers).href)).contenders(place) : []
      const contenders = [...oursOnBoth(place.url), ...theirs].filter(({ name }) => wanted(name))
      const cases = casesOf(quick ? 0.1 : 1)
      /** @type {Row[]} */
      const rows = []
      for (const contender of contenders) {
        for (const one of cases) {
          onBlock(rows.length + 1, contenders.length * cases.length)
          rows.push(await measure(world, contender, one))
        }
      }
      return { rows, table: tableOf(cases, rows) }
    } finally {
      world.close()
    }
  },
}

/**
 * @param {import('./oauth-client.mjs').World} world
 * @param {import('./mcp-client.mjs').McpContender} contender
 * @param {Case} one
 * @returns {Promise<Row>}
 */
export async function measure(world, contender, { name, setup, kind }) {
  await world.begin(setup)
  return withoutWarnings(async () => {
    const isCold = kind === 'cold' || kind === 'cold, known'
    const client = await inTime(contender.signIn(world.browse, kind !== 'cold'))
    let before = { token: 0, all: 0, redirects: 0 }
    if (!isCold) {
      // In use, and everything it loads is loaded.
      if (!(await outcome(client.call())))
        throw new Error(`${contender.name}: the first call with a good token failed.`)
      await world.revokeAccess()
      if (kind === 'expired') client.expire()
      before = await soFar(world, client)
    }
    const run = isCold ? client.list : client.call
    const outcomes = await Promise.all(Array.from({ length: kind === 'storm' ? CALLS : 1 }, () => outcome(run())))
    const after = await soFar(world, client)
    const sessionAlive = await world.isAlive(await client.held())
    await client.close().catch(() => undefined)
    return {
      subject: contender.name,
      case: name,
      calls: outcomes.length,
      ok: outcomes.filter(Boolean).length,
      tokenRequests: after.token - before.token,
      sessionAlive,
      redirects: after.redirects - before.redirects,
      requests: after.all - before.all,
    }
  })
}

/**
 * @param {import('./oauth-client.mjs').World} world
 * @param {import('./mcp-client.mjs').McpClient} client
 */
async function soFar(world, client) {
  const { discovery, registration, token, api } = await world.counts()
  return { token, all: discovery + registration + token + api, redirects: client.redirects() }
}

/** @param {Promise<unknown>} call */
function outcome(call) {
  return inTime(call).then(
    (answer) => /** @type {{ isError?: boolean }} */ (answer).isError !== true,
    () => false,
  )
}

/**
 * @param {Goal} goal
 * @param {Row} row
 */
export function isMet(goal, { calls, ok, tokenRequests, sessionAlive, redirects, requests }) {
  const cheap = tokenRequests <= goal.tokenRequests && requests <= (goal.requests ?? Number.POSITIVE_INFINITY)
  return cheap && ok === calls && sessionAlive && redirects === goal.redirects
}

/**
 * @param {readonly Case[]} cases
 * @param {readonly Row[]} rows
 */
function tableOf(cases, rows) {
  const width = Math.max(...rows.map(({ subject }) => subject.length))
  const blocks = cases.map(({ name, goal }) => {
    const lines = rows
      .filter((row) => row.case === name)
      .map((row) => {
        const { subject, calls, ok, tokenRequests, redirects, requests, sessionAlive } = row
        const numbers = [`${ok}/${calls}`, tokenRequests, redirects, requests]
        const cells = numbers.map((cell, index) => String(cell).padStart(COLUMNS[index]?.length ?? 0))
        const session = sessionAlive ? 'alive' : 'dead '
        return `  ${subject.padEnd(width)}  ${cells.join('  ')}  ${session}    ${isMet(goal, row) ? 'met' : 'NOT MET'}\n`
      })
    return `${name}: ${goal.text}\n${lines.join('')}`
  })
  const head = `  ${'subject'.padEnd(width)}  ${COLUMNS.join('  ')}  session  goal\n`
  const about = 'a refresh token works once; requests are all that the server got, without the page of the sign-in'
  return `storms-mcp: ${CALLS} calls at once through MCP clients; ${about}\n\n${head}\n${blocks.join('\n')}\n`
}

const COLUMNS = [' calls ok', 'token requests', 'redirects', 'requests']
