// What goes over the wire, counted at the server: from nothing to the first authorized call, and for a call whose token has ended.
import { ours, startWorld } from './oauth-client.mjs'

/** @typedef {{ subject: string, case: string, requests: number }} Row */
/** @typedef {import('./oauth-client.mjs').Contender} Contender */

const FIRST = 'first-call'
const EXPIRED = 'expired-call'
/** Of an expired call: one refresh, one call. */
const GOAL = 2
/** Without the page that the person's browser opens. @type {readonly import('./oauth-server.mjs').Kind[]} */
const KINDS = ['discovery', 'registration', 'token', 'api']

/** @type {import('./report.mjs').Runnable} */
export const requests = {
  name: 'requests',
  peers: ['google-auth-library', '@badgateway/oauth2-client', 'simple-oauth2', '@modelcontextprotocol/sdk'],
  async run({ wanted, peers, onBlock }) {
    const world = await startWorld()
    try {
      /** @type {readonly Contender[]} */
      const theirs = peers ? (await import(new URL('oauth-clients.mjs', peers).href)).contenders(world) : []
      const subjects = [ours(world), ...theirs].filter(
        ({ name }) => wanted(name) && ['pentauth', ...requests.peers].includes(name),
      )
      /** @type {Row[]} */
      const rows = []
      for (const [index, contender] of subjects.entries()) {
        onBlock(index + 1, subjects.length)
        rows.push(...(await firstCall(world, contender)), await expiredCall(world, contender))
      }
      return { rows, table: tableOf(rows) }
    } finally {
      world.close()
    }
  },
}

/**
 * @param {import('./oauth-client.mjs').World} world
 * @param {Contender} contender
 * @returns {Promise<readonly Row[]>} all, and of each kind
 */
async function firstCall(world, { name: subject, signIn }) {
  if (!signIn) return []
  await world.begin({})
  const client = await signIn(world.browse)
  check(subject, await client.call())
  const counts = await world.counts()
  const parts = KINDS.map((kind) => ({ subject, case: `${FIRST}: ${kind}`, requests: counts[kind] }))
  return [{ subject, case: FIRST, requests: sum(counts) }, ...parts]
}

/**
 * @param {import('./oauth-client.mjs').World} world
 * @param {Contender} contender
 * @returns {Promise<Row>}
 */
async function expiredCall(world, { name: subject, resume }) {
  const client = await resume(await world.begin({ expired: true }))
  check(subject, await client.call())
  return { subject, case: EXPIRED, requests: sum(await world.counts()) }
}

/** @param {Awaited<ReturnType<import('./oauth-client.mjs').World['counts']>>} counts */
function sum(counts) {
  return KINDS.reduce((total, kind) => total + counts[kind], 0)
}

/**
 * @param {string} name
 * @param {unknown} body
 */
function check(name, body) {
  if (/** @type {{ ok?: boolean }} */ (body).ok !== true) throw new Error(`${name}: the call was not authorized.`)
}

/** @param {readonly Row[]} rows */
function tableOf(rows) {
  const width = Math.max(...rows.map(({ subject }) => subject.length))
  const wide = Math.max(...rows.map((row) => row.case.length))
  const lines = rows.map(({ subject, case: name, requests }) => {
    const verdict = name !== EXPIRED ? '' : requests <= GOAL ? '  met' : '  NOT MET'
    return `  ${subject.padEnd(width)}  ${name.padEnd(wide)}  ${String(requests).padStart(8)}${verdict}\n`
  })
  const about =
    'HTTP requests counted at the server; discovery and registration included, the page that the browser opens not'
  return `requests: ${about}\n\n  ${'subject'.padEnd(width)}  ${'case'.padEnd(wide)}  requests\n${lines.join('')}\n  goal of ${EXPIRED}: ${GOAL}, one refresh and one call\n\n`
}
