// 200 calls at once while a sign-in needs a new access token, against a server whose refresh tokens work once: how many token
// requests that takes, how many calls come through, and whether the sign-in is still good afterwards.
import { PentauthError } from '@pentauth/core'
import { ours, startWorld } from './oauth-client.mjs'

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {import('./oauth-server.mjs').Setup} setup
 * @property {boolean} [early] the token is revoked after the first call, long before its end
 * @property {Goal} goal
 */

/**
 * @typedef {object} Goal
 * @property {string} text
 * @property {number} requests at most
 * @property {boolean} ok all calls, or none
 * @property {boolean} [alive] where it matters
 * @property {string} [failure] code of every error; only ours have codes
 */

/**
 * @typedef {object} Row
 * @property {string} subject
 * @property {string} case
 * @property {number} calls
 * @property {number} ok
 * @property {number} tokenRequests
 * @property {boolean} sessionAlive
 */

/** @typedef {import('./oauth-client.mjs').Contender} Contender */

const FULL = { calls: 200, scale: 1 }
const QUICK = { calls: 20, scale: 0.1 }
/** No call takes longer (ms), whatever happens; the slowest case needs some 8 s. */
const PATIENCE_MS = 30_000

/** @type {Omit<Goal, 'text'>} */
const perfect = { requests: 1, ok: true, alive: true }
/** @type {Omit<Goal, 'text'>} */
const over = { requests: 2, ok: false, failure: 'sign_in_required' }

/**
 * @param {number} scale of all waiting times
 * @returns {readonly Case[]}
 */
export function casesOf(scale) {
  const latency = 100 * scale
  const expired = { expired: true, latency }
  const one = { ...perfect, text: '1 token request, every call ok, session alive' }
  const two = { ...perfect, requests: 2, text: 'at most 2 token requests, every call ok, session alive' }
  const down = {
    requests: 6,
    ok: false,
    alive: true,
    failure: 'temporarily_unavailable',
    text: 'at most 6 token requests, no call ok, every error a temporary one, session alive',
  }
  return [
    { name: 'expired', setup: expired, goal: one },
    { name: 'early-401-0.3s', setup: { latency, spread: 300 * scale }, early: true, goal: one },
    { name: 'early-401-2s', setup: { latency, spread: 2_000 * scale }, early: true, goal: one },
    { name: 'slow-token-endpoint', setup: { ...expired, latency: 6_000 * scale }, goal: one },
    { name: 'one-503', setup: { ...expired, unavailable: 'once' }, goal: two },
    {
      name: 'lost-response',
      setup: { ...expired, loses: true },
      goal: { ...over, text: 'at most 2 token requests, then sign_in_required for every call' },
    },
    { name: 'lost-response-grace', setup: { ...expired, loses: true, grace: true }, goal: two },
    { name: 'down', setup: { ...expired, unavailable: 'always' }, goal: down },
  ]
}

/** @type {import('./report.mjs').Runnable} */
export const storms = {
  name: 'storms',
  peers: [
    'google-auth-library',
    'google-auth-library, forceRefreshOnFailure',
    '@badgateway/oauth2-client',
    'simple-oauth2',
    '@modelcontextprotocol/sdk',
  ],
  async run({ quick, wanted, peers, onBlock }) {
    const { calls, scale } = quick ? QUICK : FULL
    const world = await startWorld()
    try {
      /** @type {readonly Contender[]} */
      const theirs = peers ? (await import(new URL('oauth-clients.mjs', peers).href)).contenders(world) : []
      const contenders = [ours(world), ...theirs].filter(({ name }) => wanted(name))
      const cases = casesOf(scale)
      const found = []
      for (const contender of contenders) {
        for (const one of cases) {
          onBlock(found.length + 1, contenders.length * cases.length)
          found.push(await storm(world, contender, one, calls))
        }
      }
      return { rows: found.map(({ row }) => row), table: tableOf(cases, found) }
    } finally {
      world.close()
    }
  },
}

/**
 * @typedef {object} Found
 * @property {Row} row
 * @property {boolean} met
 */

/**
 * @param {import('./oauth-client.mjs').World} world
 * @param {Contender} contender
 * @param {Case} one
 * @param {number} calls
 * @returns {Promise<Found>}
 */
export async function storm(world, { name, resume }, { name: about, setup, early = false, goal }, calls) {
  const client = await resume(await world.begin(setup))
  const call = () =>
    inTime(client.call()).then(
      (body) => (/** @type {{ ok?: boolean }} */ (body).ok === true ? 'ok' : undefined),
      (error) => (PentauthError.isInstance(error) ? error.code : undefined),
    )
  return withoutWarnings(async () => {
    // In use, and everything it loads is loaded.
    if (early && (await call()) !== 'ok') throw new Error(`${name}: the first call with a good token failed.`)
    if (early) await world.revokeAccess()
    const outcomes = await Promise.all(Array.from({ length: calls }, call))
    const ok = outcomes.filter((outcome) => outcome === 'ok').length
    const { token: tokenRequests } = await world.counts()
    const sessionAlive = await world.isAlive(await client.held())
    const row = { subject: name, case: about, calls, ok, tokenRequests, sessionAlive }
    const failures = outcomes.filter((outcome) => outcome !== 'ok')
    return { row, met: isMet(goal, row, name === 'pentauth' ? failures : []) }
  })
}

/**
 * @param {Goal} goal
 * @param {Row} row
 * @param {readonly unknown[]} failures codes of the calls that came to nothing
 */
export function isMet(goal, { calls, ok, tokenRequests, sessionAlive }, failures) {
  if (tokenRequests > goal.requests || ok !== (goal.ok ? calls : 0)) return false
  return (goal.alive ?? sessionAlive) === sessionAlive && failures.every((code) => code === goal.failure)
}

/**
 * @template T
 * @param {Promise<T>} work
 * @returns {Promise<T>}
 */
export async function inTime(work) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('A call took too long.')), PATIENCE_MS)
  })
  return Promise.race([work, /** @type {Promise<never>} */ (late)]).finally(() => clearTimeout(timer))
}

/**
 * What some peers print in trouble is no part of the report.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withoutWarnings(work) {
  const { warn } = console
  console.warn = () => {}
  try {
    return await work()
  } finally {
    console.warn = warn
  }
}

const NOTE = '\n* by the numbers; what its errors say was not looked at\n'

/**
 * @param {readonly Case[]} cases
 * @param {readonly Found[]} found
 */
function tableOf(cases, found) {
  const width = Math.max(...found.map(({ row }) => row.subject.length))
  const calls = found[0]?.row.calls ?? 0
  const blocks = cases.map(({ name, goal }) => {
    const lines = found
      .filter(({ row }) => row.case === name)
      .map(({ row: { subject, ok, tokenRequests, sessionAlive }, met }) => {
        const share = `${ok}/${calls}`.padStart(9)
        const session = sessionAlive ? 'alive' : 'dead '
        const cells = [subject.padEnd(width), share, String(tokenRequests).padStart(14), session]
        // Of others the numbers are known, and not whether their errors say what is the matter.
        const verdict = met ? (goal.failure && subject !== 'pentauth' ? 'met*' : 'met') : 'NOT MET'
        return `  ${cells.join('  ')}    ${verdict}\n`
      })
    return `${name}: ${goal.text}\n${lines.join('')}`
  })
  const head = `  ${'subject'.padEnd(width)}  ${'calls ok'.padStart(9)}  token requests  session  goal\n`
  return `storms: ${calls} calls at once; a refresh token works once, and when it comes back the session is dead\n\n${head}\n${blocks.join('\n')}${found.some(({ row }) => row.subject !== 'pentauth') ? NOTE : ''}\n`
}
