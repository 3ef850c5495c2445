// Two bridges between clients on this machine and a server on the web share a sign-in, whose access token ends: how many calls come
// through, what that takes at the token endpoint, and how often a browser opens. And what a bridge adds to a call and to a start.
import { execFile } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { mcpRemote, newPerson, ours, startBridge } from './bridge-client.mjs'
import { startWorld } from './oauth-client.mjs'
import { pairedBlocks } from './paired-blocks.mjs'
import { inTime } from './storms.mjs'

/** @typedef {import('./bridge-client.mjs').Contender} Contender */

/**
 * @typedef {object} Row
 * @property {string} subject
 * @property {string} case
 * @property {number} bridges
 * @property {number} calls
 * @property {number} ok
 * @property {number} tokenRequests
 * @property {number} openings of a browser
 */

/** @typedef {{ subject: string, case: string, value: number, ratio: number }} Speed milliseconds, and the ratio to the baseline */

const BRIDGES = 2
const CALLS_EACH = 10
const CALLS = BRIDGES * CALLS_EACH
/** What a token request takes (ms). */
const LATENCY_MS = 100
/** Of an access token, as the server says (seconds): less than the clock of a bridge goes ahead. */
const LIFETIME = 1800
/** Calls of one turn, one after the other. */
const TURN = 20
const GOAL = '1 token request, every call ok, no browser'

const cases = /** @type {const} */ (['expired', 'revoked early'])

/** @type {import('./report.mjs').Runnable} */
export const bridge = {
  name: 'bridge',
  peers: ['mcp-remote'],
  async run({ quick, wanted, wantedCase, peers, onBlock }) {
    const world = await startWorld()
    try {
      const contenders = [ours, ...(peers ? [mcpRemote(peers)] : [])].filter(({ name }) => wanted(name))
      const those = cases.filter(wantedCase)
      const blocks = quick ? 1 : 7
      const all = contenders.length * those.length + 2 * blocks
      let done = 0
      const step = () => onBlock(++done, all)
      /** @type {Row[]} */
      const rows = []
      for (const contender of contenders) {
        for (const name of those) {
          step()
          rows.push(await measure(world, contender, name))
        }
      }
      const speeds = [
        ...(wantedCase('call') ? await callSpeeds(world, contenders, { blocks, onBlock: step }) : []),
        ...(wantedCase('start') ? await startSpeeds(world, contenders, { blocks, onBlock: step }) : []),
      ]
      return { rows: [...rows, ...speeds], table: tableOf(rows, speeds) }
    } finally {
      world.close()
    }
  },
}

/**
 * @param {import('./oauth-client.mjs').World} world
 * @param {Contender} contender
 * @param {(typeof cases)[number]} name
 * @returns {Promise<Row>}
 */
export async function measure(world, contender, name) {
  const url = `${world.origin}/mcp`
  await world.begin({ latency: LATENCY_MS, lifetime: LIFETIME })
  return withPerson(contender, url, async (start) => {
    const bridges = await Promise.all(Array.from({ length: BRIDGES }, start))
    for (const one of bridges)
      if (!(await isOk(one.call()))) throw new Error(`${contender.name}: the first call with a good token failed.`)
    const before = await world.counts()
    await world.revokeAccess()
    if (name === 'expired') {
      for (const one of bridges) one.expire()
      // A signal takes its time.
      await setTimeout(200)
    }
    const calls = bridges.flatMap(({ call }) => Array.from({ length: CALLS_EACH }, () => isOk(call())))
    const ok = (await Promise.all(calls)).filter(Boolean).length
    const after = await world.counts()
    return {
      subject: contender.name,
      case: name,
      bridges: BRIDGES,
      calls: CALLS,
      ok,
      tokenRequests: after.token - before.token,
      openings: after.authorization - before.authorization,
    }
  })
}

/**
 * Has somebody sign in by a first bridge, which ends; what starts others is then for the work.
 * @template T
 * @param {Contender} contender
 * @param {string} url
 * @param {(start: () => Promise<import('./bridge-client.mjs').Bridge>) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withPerson(contender, url, work) {
  const person = newPerson()
  /** @type {import('./bridge-client.mjs').Bridge[]} */
  const started = []
  const start = async () => {
    const one = await startBridge(contender, person, url)
    started.push(one)
    return one
  }
  try {
    await (await start()).close()
    return await work(start)
  } finally {
    await Promise.all(started.map(({ close }) => close()))
    person.gone()
  }
}

/**
 * @param {import('./oauth-client.mjs').World} world
 * @param {readonly Contender[]} contenders
 * @param {Pick<import('./paired-blocks.mjs').Plan, 'blocks' | 'onBlock'>} plan
 * @returns {Promise<readonly Speed[]>} of one call, beside a client that speaks to the server itself
 */
async function callSpeeds(world, contenders, plan) {
  const url = `${world.origin}/mcp`
  const { accessToken } = await world.begin({})
  const direct = new Client({ name: 'bench', version: '1.0.0' })
  const requestInit = { headers: { authorization: `Bearer ${accessToken}` } }
  // Its transport does not fit its own interface under exactOptionalPropertyTypes.
  await direct.connect(/** @type {any} */ (new StreamableHTTPClientTransport(new URL(url), { requestInit })))
  /** @type {import('./paired-blocks.mjs').Subject[]} */
  const subjects = [turnOf('direct', () => direct.callTool({ name: 'echo', arguments: {} }))]
  /**
   * @param {readonly Contender[]} left
   * @returns {Promise<readonly Speed[]>}
   */
  const among = async ([next, ...left]) => {
    if (next === undefined) {
      // In use, and everything it loads is loaded.
      for (const { turn } of subjects) await turn()
      return asSpeeds('call', await pairedBlocks(subjects, plan))
    }
    return withPerson(next, url, async (start) => {
      const { call } = await start()
      subjects.push(turnOf(next.name, call))
      return among(left)
    })
  }
  try {
    return await among(contenders)
  } finally {
    await direct.close()
  }
}

/**
 * @param {string} name
 * @param {() => Promise<unknown>} call
 */
function turnOf(name, call) {
  const turn = async () => {
    const begun = performance.now()
    for (let count = 0; count < TURN; count += 1) if (!(await isOk(call()))) throw new Error(`${name}: a call failed.`)
    return (performance.now() - begun) / TURN
  }
  return { name, turn }
}

/**
 * @param {import('./oauth-client.mjs').World} world
 * @param {readonly Contender[]} contenders
 * @param {Pick<import('./paired-blocks.mjs').Plan, 'blocks' | 'onBlock'>} plan
 * @returns {Promise<readonly Speed[]>} up to the answer to `initialize`, beside a Node that has nothing to do
 */
async function startSpeeds(world, contenders, plan) {
  const url = `${world.origin}/mcp`
  await world.begin({})
  const empty = async () => {
    const begun = performance.now()
    await promisify(execFile)(process.execPath, ['-e', '0'])
    return performance.now() - begun
  }
  /** @type {import('./paired-blocks.mjs').Subject[]} */
  const subjects = [{ name: 'node -e 0', turn: empty }]
  /**
   * @param {readonly Contender[]} left
   * @returns {Promise<readonly Speed[]>}
   */
  const among = async ([next, ...left]) => {
    if (next === undefined) return asSpeeds('start', await pairedBlocks(subjects, plan))
    return withPerson(next, url, async (start) => {
      const turn = async () => {
        const begun = performance.now()
        const one = await start()
        const took = performance.now() - begun
        await one.close()
        return took
      }
      subjects.push({ name: next.name, turn })
      return among(left)
    })
  }
  return among(contenders)
}

/**
 * @param {string} name
 * @param {readonly import('./paired-blocks.mjs').Row[]} rows
 * @returns {readonly Speed[]}
 */
function asSpeeds(name, rows) {
  return rows.map(({ subject, value, ratio }) => ({ subject, case: name, value, ratio }))
}

/** @param {Promise<unknown>} call */
function isOk(call) {
  return inTime(call).then(
    (answer) => /** @type {{ isError?: boolean }} */ (answer).isError !== true,
    () => false,
  )
}

/** @param {Row} row */
export function isMet({ calls, ok, tokenRequests, openings }) {
  return ok === calls && tokenRequests === 1 && openings === 0
}

/**
 * @param {readonly Row[]} rows
 * @param {readonly Speed[]} speeds
 */
function tableOf(rows, speeds) {
  const width = Math.max(9, ...[...rows, ...speeds].map(({ subject }) => subject.length))
  const storms = cases.flatMap((name) => {
    const lines = rows
      .filter((row) => row.case === name)
      .map((row) => {
        const numbers = [`${row.ok}/${row.calls}`, row.tokenRequests, row.openings]
        const cells = numbers.map((cell, index) => String(cell).padStart(COLUMNS[index]?.length ?? 0))
        return `  ${[row.subject.padEnd(width), ...cells].join('  ')}    ${isMet(row) ? 'met' : 'NOT MET'}\n`
      })
    return lines.length === 0 ? [] : [`${name}: ${GOAL}\n${lines.join('')}`]
  })
  const times = speeds.map(
    ({ subject, case: name, value, ratio }) =>
      `  ${name.padEnd(5)}  ${subject.padEnd(width)}  ${`${value} ms`.padStart(10)}  ${ratio.toFixed(2).padStart(7)}\n`,
  )
  const head = `  ${['subject'.padEnd(width), ...COLUMNS].join('  ')}  goal\n`
  const about = 'a refresh token works once, and when it comes back the sign-in is dead'
  return `bridge: ${BRIDGES} bridges with one sign-in, ${CALLS_EACH} calls at once through each; ${about}\n\n${head}\n${[...storms, times.join('')].join('\n')}\n`
}

const COLUMNS = [' calls ok', 'token requests', 'openings']
