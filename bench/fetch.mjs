// Requests a second, 64 at a time, to a server of our own on loopback in its own process.
//
// The baseline is `fetch` with the header set by hand: the same bytes on the wire as ours. Everybody reads the body, since
// a connection is only free for the next request then, and keeps connections open.
import { pendra } from '@pentauth/core/services'
import { createAuth, relocate } from '@pentauth/node'
import { testKey } from '../tooling/canary/test-key.mjs'
import { pairedBlocks } from './paired-blocks.mjs'
import { startServer } from './start-server.mjs'

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {() => Promise<unknown>} request sends one request and answers with the JSON of its body
 */

const CONCURRENT = 64
/** With these, five subjects take some 45 s. */
const FULL = { blocks: 151, requests: 256, warmUps: 8 }
const QUICK = { blocks: 3, requests: 64, warmUps: 1 }
const BUDGET_MS = 45_000

/** @type {import('./report.mjs').Bench} */
export const fetchBench = {
  name: 'fetch',
  about: `requests a second, ${CONCURRENT} at a time`,
  unit: 'requests/s',
  baseline: 'bare fetch',
  better: 'higher',
  goal: 0.9,
  peers: ['ky', 'google-auth-library'],
  async measure({ quick, wanted, peers, onBlock }) {
    const { blocks, requests, warmUps } = quick ? QUICK : FULL
    const key = testKey.pendra('bench')
    const server = await startServer(new URL('server.mjs', import.meta.url), { PENDRA_API_KEY: key })
    try {
      const url = `${server.origin}/api/v1/models`
      /** @type {readonly Contender[]} */
      const theirs = peers ? (await import(new URL('fetch.mjs', peers).href)).contenders(url, key) : []
      const contenders = [...ours(server.origin, url, key), ...theirs].filter(({ name }) => wanted(name))
      const bare = [fetchBench.baseline, `control: ${fetchBench.baseline} again`].map((name) =>
        bareFetch(name, url, key),
      )
      const subjects = [...bare, ...contenders].map(({ name, request }) => ({
        name,
        turn: () => requestsPerSecond(request, requests),
      }))
      for (let round = 0; round < warmUps; round += 1) for (const { turn } of subjects) await turn()
      return await pairedBlocks(subjects, { blocks, budget: BUDGET_MS, onBlock })
    } finally {
      server.close()
    }
  },
}

/**
 * @param {string} name
 * @param {string} url
 * @param {string} key
 * @returns {Contender}
 */
function bareFetch(name, url, key) {
  return { name, request: async () => (await fetch(url, { headers: { authorization: `Bearer ${key}` } })).json() }
}

/**
 * @param {string} origin
 * @param {string} url
 * @param {string} key
 * @returns {readonly Contender[]}
 */
function ours(origin, url, key) {
  const auth = createAuth(relocate(pendra, { 'https://api.pendra.ai': origin }), { env: { PENDRA_API_KEY: key } })
  return [{ name: 'pentauth', request: async () => (await auth.fetch(url)).json() }]
}

/**
 * @param {Contender['request']} request
 * @param {number} requests
 */
async function requestsPerSecond(request, requests) {
  let left = requests
  const worker = async () => {
    while (left > 0) {
      left -= 1
      const body = /** @type {{ ok?: boolean }} */ (await request())
      // The server says so only where the credential has arrived.
      if (body.ok !== true) throw new Error('A request went out without the credential.')
    }
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: CONCURRENT }, worker))
  return (requests * 1000) / (performance.now() - start)
}
