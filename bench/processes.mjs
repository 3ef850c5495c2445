// Real processes that share one sign-in, whose access token has ended for all of them, against a server whose refresh tokens work
// once: how many token requests that takes, how many of the processes come through, and whether the sign-in is still good.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { bringServices } from '../tooling/bootstrap/services.mjs'
import { startWorld } from './oauth-client.mjs'
import { startWorker, startWorkers } from './process-group.mjs'
import { startServer } from './start-server.mjs'

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {'file' | 'redis'} store
 * @property {number} processes
 * @property {boolean} [killed] one process more has the lock in each round, and is killed before its token request
 */

/**
 * @typedef {object} Row
 * @property {string} subject
 * @property {string} case
 * @property {number} processes
 * @property {number} rounds
 * @property {number} tokenRequests of all rounds
 * @property {number} survivors processes whose call came through, in the worst of the rounds
 * @property {boolean} sessionAlive after every round
 */

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {URL} module
 * @property {readonly string[]} cases
 */

/** @type {readonly Case[]} */
export const cases = [
  { name: 'file-4', store: 'file', processes: 4 },
  { name: 'file-16', store: 'file', processes: 16 },
  { name: 'redis-4', store: 'redis', processes: 4 },
  { name: 'redis-16', store: 'redis', processes: 16 },
  { name: 'holder-killed', store: 'file', processes: 4, killed: true },
]

const GOAL = 'one token request a round, every process comes through, session alive'
const ROUNDS = 20
const QUICK_ROUNDS = 2
/** What a token request takes (ms). */
const LATENCY_MS = 100
/** No call takes longer (ms), whatever happens. */
const PATIENCE_MS = 15_000
/** So that every process has been told when to begin (ms). */
const NOTICE_MS = 50
/** How long the others wait for the lock before its holder is killed (ms). */
const WAITING_MS = 100

const OURS = new URL('process-pentauth.mjs', import.meta.url)
const FILES = ['file-4', 'file-16']
const BOTH = [...FILES, 'redis-4', 'redis-16']

/** What their pages show; nobody shows a lock for files, so there is no holder to kill. @type {readonly (readonly [string, readonly string[]])[]} */
const PEERS = [
  ['simple-oauth2', FILES],
  ['google-auth-library', FILES],
  ['@azure/msal-node', BOTH],
  ['@atproto/oauth-client-node', BOTH],
]

const NOTES = `
  Each peer as its page shows it: simple-oauth2 and google-auth-library save to a file what they are given; MSAL has its cache plugin, for
  Redis its DistributedCachePlugin; atproto has the lock that its page shows for Redis, and none for files.
  No row: redis for simple-oauth2 and google-auth-library, and holder-killed for all of them, since no page shows how.
`

/** @type {import('./report.mjs').Runnable} */
export const processes = {
  name: 'processes',
  peers: PEERS.map(([name]) => name),
  async run({ quick, wanted, wantedCase, rounds = quick ? QUICK_ROUNDS : ROUNDS, peers, onBlock }) {
    const theirs = peers ? new URL('processes.mjs', peers) : undefined
    /** @type {readonly Contender[]} */
    const contenders = [
      { name: 'pentauth', module: OURS, cases: cases.map(({ name }) => name) },
      ...(theirs ? PEERS.map(([name, their]) => ({ name, module: theirs, cases: their })) : []),
    ].filter(({ name }) => wanted(name))
    const turns = contenders.map((contender) => ({
      contender,
      those: cases.filter(({ name }) => wantedCase(name) && contender.cases.includes(name)),
    }))
    const all = turns.flatMap(({ those }) => those)
    const redis = all.some(({ store }) => store === 'redis') ? await startRedis() : undefined
    const world = await startWorld()
    try {
      const found = []
      for (const { contender, those } of turns) {
        const workers = await startWorkers(contender, Math.max(0, ...those.map((one) => one.processes)))
        try {
          for (const one of those) {
            onBlock(found.length + 1, all.length)
            found.push(await measure(world, contender, workers, one, { rounds, socket: redis?.origin }))
          }
        } finally {
          for (const worker of workers) worker.close()
        }
      }
      return { rows: found.map(({ row }) => row), table: tableOf(found, rounds) }
    } finally {
      world.close()
      redis?.close()
    }
  },
}

async function startRedis() {
  const { REDIS_SERVER_PATH } = await bringServices(['REDIS_SERVER_PATH'])
  return startServer(new URL('redis-server.mjs', import.meta.url), { PATH: process.env.PATH, REDIS_SERVER_PATH })
}

/**
 * @typedef {object} Found
 * @property {Row} row
 * @property {readonly number[]} recoveries from the kill to the last answer (ms), of each round where there was one
 */

/**
 * @param {import('./oauth-client.mjs').World} world
 * @param {Contender} contender
 * @param {readonly import('./process-group.mjs').Worker[]} group at least as many as the case needs
 * @param {Case} one
 * @param {{ rounds: number, socket?: string | undefined, patience?: number }} circumstances `socket` of Redis
 * @returns {Promise<Found>}
 */
export async function measure(world, contender, group, one, { rounds, socket, patience = PATIENCE_MS }) {
  const { name, store, processes: count, killed = false } = one
  const workers = group.slice(0, count)
  const [keeper] = workers
  if (!keeper) throw new TypeError('A case has a process at least.')
  const folder = mkdtempSync(join(tmpdir(), 'pentauth-bench-'))
  const row = {
    subject: contender.name,
    case: name,
    processes: count,
    rounds,
    tokenRequests: 0,
    survivors: count,
    sessionAlive: true,
  }
  const recoveries = []
  try {
    /** @type {string | undefined} */
    let held
    for (let round = 1; round <= rounds; round += 1) {
      // Another place each time, so that what a process remembers of the last round is of no use.
      const place = placeOf(world, join(folder, `${round}`), store === 'redis' ? socket : undefined)
      // The sign-in goes on as long as it is alive; then the person signs in again.
      const setup = { expired: true, latency: LATENCY_MS }
      const session = (await world.again(held)) ?? (await world.begin(setup))
      await keeper.ask({ ask: 'save', place, session })
      const { ended, recovery } = await once(workers, contender, place, { killed, patience })
      held = await keeper.ask({ ask: 'held', place })
      row.tokenRequests += (await world.counts()).token
      row.survivors = Math.min(row.survivors, ended.filter(({ ok }) => ok).length)
      row.sessionAlive &&= await world.isAlive(held)
      if (recovery !== undefined) recoveries.push(recovery)
    }
    return { row, recoveries }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

/**
 * @param {import('./oauth-client.mjs').World} world
 * @param {string} folder
 * @param {string} [socket]
 * @returns {import('./process-worker.mjs').Place}
 */
function placeOf({ origin, url }, folder, socket) {
  return { origin, url, folder, ...(socket ? { redis: { socket, prefix: `${folder}:` } } : {}) }
}

/**
 * A call of every process, at the same moment.
 * @param {readonly import('./process-group.mjs').Worker[]} workers
 * @param {Contender} contender
 * @param {import('./process-worker.mjs').Place} place
 * @param {{ killed: boolean, patience: number }} circumstances
 * @returns {Promise<{ ended: readonly { ok: boolean, endedAt: number }[], recovery?: number }>}
 */
async function once(workers, contender, place, { killed, patience }) {
  await Promise.all(workers.map((worker) => worker.ask({ ask: 'open', place })))
  const doomed = killed ? await holderAt(contender, place) : undefined
  const at = Date.now() + NOTICE_MS
  const calls = Promise.all(workers.map((worker) => worker.ask({ ask: 'call', at, patience })))
  if (!doomed) return { ended: await calls }
  await setTimeout(NOTICE_MS + WAITING_MS)
  const killedAt = Date.now()
  await doomed.kill()
  const ended = await calls
  return { ended, recovery: Math.max(...ended.map(({ endedAt }) => endedAt)) - killedAt }
}

/**
 * @param {Contender} contender
 * @param {import('./process-worker.mjs').Place} place
 * @returns {Promise<import('./process-group.mjs').Worker>} one that has the lock, and stands before its token request
 */
async function holderAt(contender, place) {
  const doomed = await startWorker(contender)
  await doomed.ask({ ask: 'open', place, isDoomed: true })
  const holding = doomed.holding()
  doomed.ask({ ask: 'call', at: 0, patience: PATIENCE_MS }).catch(() => {})
  await holding
  return doomed
}

/**
 * @param {Row} row
 * @returns {boolean}
 */
export function isMet({ processes: count, rounds, tokenRequests, survivors, sessionAlive }) {
  return tokenRequests === rounds && survivors === count && sessionAlive
}

/**
 * @param {readonly Found[]} found
 * @param {number} rounds
 */
function tableOf(found, rounds) {
  const width = Math.max(8, ...found.map(({ row }) => row.subject.length))
  const blocks = cases.map(({ name, killed, processes: count }) => {
    const those = found.filter(({ row }) => row.case === name)
    if (those.length === 0) return ''
    const lines = those.map(({ row }) => {
      const share = `${row.survivors}/${row.processes}`.padStart(9)
      const cells = [row.subject.padEnd(width), share, String(row.tokenRequests).padStart(14)]
      return `  ${cells.join('  ')}  ${row.sessionAlive ? 'alive' : 'dead '}    ${isMet(row) ? 'met' : 'NOT MET'}\n`
    })
    const about = killed ? `, and the holder of the lock is killed before its request` : ''
    return `${name}: ${count} processes${about}\n${lines.join('')}${those.map(recoveryLine).join('')}\n`
  })
  const head = `  ${'subject'.padEnd(width)}  ${'survivors'}  token requests  session  goal: ${GOAL}\n`
  const about = `processes: ${rounds} rounds; survivors of the worst round; a refresh token works once, and when it comes back the session is dead`
  const notes = found.some(({ row }) => row.subject !== 'pentauth') ? `${NOTES}\n` : ''
  return `${about}\n\n${head}\n${blocks.join('')}${notes.trimStart() && `  ${notes.trimStart()}`}`
}

/** @param {Found} found */
function recoveryLine({ row: { subject }, recoveries }) {
  if (recoveries.length === 0) return ''
  const sorted = recoveries.toSorted((one, other) => one - other)
  const median = sorted[Math.floor(sorted.length / 2)]
  return `  ${subject}: ${median} ms from the kill to the last answer (median), with the token request of ${LATENCY_MS} ms\n`
}
