// What it costs to ask for the headers of a request while the credential is at hand.
//
// The baseline is `await resolved`, a promise that was resolved long ago: what any awaited answer costs at least, since
// the function that awaits it goes on in a microtask. Each subject has a loop of its own, as a program would have, so that
// the engine may optimize every call for itself; a shared loop would make all of them slow alike and the ratios small.
import { pendra } from '@pentauth/core/services'
import { createAuth } from '@pentauth/node'
import { testKey } from '../tooling/canary/test-key.mjs'
import { pairedBlocks } from './paired-blocks.mjs'

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {(times: number) => Promise<unknown>} run asks that many times, one after another; answers with the last headers
 */

/** With these, eight subjects take some 10 s. A turn is short, so that a busy machine interrupts few of them. */
const FULL = { blocks: 301, turnMs: 3, warmUpMs: 200 }
const QUICK = { blocks: 3, turnMs: 1, warmUpMs: 5 }
const BUDGET_MS = 50_000

/** @type {import('./report.mjs').Bench} */
export const headers = {
  name: 'headers',
  about: "a request's headers, awaited, with the credential at hand",
  unit: 'ns',
  baseline: 'awaiting a resolved promise',
  better: 'lower',
  goal: 4,
  peers: ['google-auth-library', '@azure/msal-node', 'openai', '@anthropic-ai/sdk'],
  async measure({ quick, wanted, peers, onBlock }) {
    const { blocks, turnMs, warmUpMs } = quick ? QUICK : FULL
    const key = testKey.pendra('bench')
    /** @type {readonly Contender[]} */
    const theirs = peers ? (await import(new URL('headers.mjs', peers).href)).contenders(key) : []
    const contenders = [...ours(key), ...theirs].filter(({ name }) => wanted(name))
    for (const { name, run } of contenders) {
      const [one, other] = [await run(1), await run(1)]
      checkCredential(name, one, key)
      if (one === other) throw new Error(`${name} gave the same object twice.`)
    }
    const subjects = []
    for (const contender of [floor(headers.baseline), floor(`control: ${headers.baseline} again`), ...contenders]) {
      subjects.push(await timed(contender, warmUpMs, turnMs))
    }
    return pairedBlocks(subjects, { blocks, budget: BUDGET_MS, onBlock })
  },
}

/**
 * @param {string} name
 * @returns {Contender}
 */
function floor(name) {
  const resolved = Promise.resolve({ authorization: 'Bearer nobody' })
  return {
    name,
    async run(times) {
      let last
      for (let i = 0; i < times; i += 1) last = await resolved
      return last
    },
  }
}

/**
 * @param {string} key
 * @returns {readonly Contender[]}
 */
function ours(key) {
  // Two of them, so that neither row meets what the other left in the cache of URLs.
  const auth = createAuth(pendra, { env: { PENDRA_API_KEY: key } })
  const rotating = createAuth(pendra, { env: { PENDRA_API_KEY: key } })
  const url = 'https://api.pendra.ai/api/v1/models'
  // More than the cache of URLs holds, so that every call has to look at its URL anew.
  const urls = Array.from({ length: 1000 }, (_, index) => `${url}/${index}`)
  let next = 0
  return [
    {
      name: 'pentauth',
      async run(times) {
        let last
        for (let i = 0; i < times; i += 1) last = await auth.headers(url)
        return last
      },
    },
    {
      name: 'pentauth, 1,000 URLs in rotation',
      async run(times) {
        let last
        for (let i = 0; i < times; i += 1) {
          last = await rotating.headers(/** @type {string} */ (urls[next]))
          next = (next + 1) % urls.length
        }
        return last
      },
    },
  ]
}

/**
 * Warms the loop up and finds out how many calls fill a turn, so that a clock's resolution does not matter.
 * @param {Contender} contender
 * @param {number} warmUpMs
 * @param {number} turnMs
 * @returns {Promise<import('./paired-blocks.mjs').Subject>}
 */
async function timed({ name, run }, warmUpMs, turnMs) {
  let times = 64
  for (let spent = 0; spent < warmUpMs; ) {
    const took = await milliseconds(run, times)
    spent += took
    times = Math.max(64, Math.round((times * turnMs) / took))
  }
  return { name, turn: async () => ((await milliseconds(run, times)) * 1e6) / times }
}

/**
 * @param {Contender['run']} run
 * @param {number} times
 */
async function milliseconds(run, times) {
  const start = performance.now()
  await run(times)
  return performance.now() - start
}

/**
 * Whoever is measured does the job: fast headers without the credential would not count.
 * @param {string} name
 * @param {unknown} found
 * @param {string} key
 */
function checkCredential(name, found, key) {
  const sent = new Headers(/** @type {Record<string, string>} */ (found)).get('authorization')
  if (sent !== `Bearer ${key}`) throw new Error(`${name} gave headers without the credential.`)
}
