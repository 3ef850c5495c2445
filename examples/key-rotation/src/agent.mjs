// The agent: ten workers call Pensyve without a pause, with the key in a file. Nothing here knows of rotations.
import { createAuth, keyFile, pensyve } from '@pentauth/node'

/**
 * @typedef {object} Agent
 * @property {() => { calls: number, failed: number, rounds: number }} count `rounds` are those every worker has made
 * @property {() => Promise<void>} stop
 *
 * @param {object} options
 * @param {string} options.keyPath where the key is
 * @param {Record<string, string>} options.env such as PENSYVE_BASE_URL
 * @param {import('@pentauth/node').EventListener} options.onEvent
 * @param {AbortSignal} options.signal ends the agent in any case
 * @returns {Promise<Agent>}
 */
export async function startAgent({ keyPath, env, onEvent, signal }) {
  const auth = createAuth(pensyve, { credential: keyFile(keyPath), env, onEvent })
  // Fails here and now when there is no usable key.
  await auth.credential()

  const made = Array(10).fill(0)
  let failed = 0
  let isRunning = true
  const work = async (/** @type {number} */ worker) => {
    while (isRunning && !signal.aborted) {
      if (!(await recall(auth, signal).catch(() => false))) failed += 1
      made[worker] += 1
    }
  }
  const workers = Promise.all(made.map((_, worker) => work(worker)))
  return {
    count: () => ({ calls: made.reduce((sum, calls) => sum + calls, 0), failed, rounds: Math.min(...made) }),
    async stop() {
      isRunning = false
      await workers
    },
  }
}

/**
 * @param {import('@pentauth/node').Auth} auth
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} whether Pensyve answered
 */
async function recall(auth, signal) {
  const response = await auth.fetch(`${auth.service.resources.rest?.url}/recall`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'tea' }),
    signal,
  })
  await response.arrayBuffer()
  return response.ok
}
