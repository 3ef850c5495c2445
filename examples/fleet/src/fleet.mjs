// The fleet: three workers, each a process, and what they report.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const program = join(import.meta.dirname, 'worker.mjs')

/**
 * @typedef {object} Worker
 * @property {number} calls
 * @property {number} failed
 * @property {import('node:child_process').ChildProcess} child
 *
 * @typedef {object} Fleet
 * @property {() => { calls: number, failed: number }} count
 * @property {() => Promise<void>} progress waits until every worker that lives has made some more calls
 * @property {() => Promise<void>} killOne as if its host had gone
 * @property {() => Promise<number>} stop how many lived, and ended well
 * @property {() => void} end in any case
 *
 * @param {object} options
 * @param {number} options.size
 * @param {string} options.redisPath
 * @param {Readonly<Record<string, string>>} options.origins where the services are
 * @param {AbortSignal} options.signal gives up waiting
 * @returns {Fleet}
 */
export function startFleet({ size, redisPath, origins, signal }) {
  const workers = Array.from({ length: size }, () => {
    /** @type {Worker} */
    const worker = { calls: 0, failed: 0, child: fork(program, [redisPath, JSON.stringify(origins)]) }
    worker.child.on('message', (report) => void Object.assign(worker, report))
    return worker
  })
  const alive = () => workers.filter(({ child }) => child.exitCode === null && child.signalCode === null)
  const sum = (/** @type {'calls' | 'failed'} */ name) => workers.reduce((all, worker) => all + worker[name], 0)
  return {
    count: () => ({ calls: sum('calls'), failed: sum('failed') }),
    async progress() {
      const goals = alive().map((worker) => ({ worker, goal: worker.calls + 20 }))
      const isThere = () => goals.every(({ worker, goal }) => worker.calls >= goal || !alive().includes(worker))
      while (!isThere()) await sleep(5, undefined, { signal })
    },
    async killOne() {
      const child = alive().at(-1)?.child
      if (!child) return
      const exit = once(child, 'exit', { signal })
      child.kill('SIGKILL')
      await exit
    },
    async stop() {
      const codes = alive().map(async ({ child }) => {
        const exit = once(child, 'exit', { signal })
        child.send('stop')
        return (await exit)[0]
      })
      return (await Promise.all(codes)).filter((code) => code === 0).length
    },
    end: () => alive().forEach(({ child }) => void child.kill('SIGKILL')),
  }
}
