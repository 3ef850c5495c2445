// The processes of the processes bench, from the side of the one that started them.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {object} Worker
 * @property {(question: object) => Promise<any>} ask one question at a time
 * @property {() => Promise<void>} holding settles when it is about to send a token request, and only if it is doomed
 * @property {() => Promise<unknown>} kill SIGKILL, and its end
 * @property {() => void} close
 */

/** @typedef {{ module: URL, name: string }} Origin where a worker finds its subject */

/**
 * @param {Origin} origin
 * @returns {Promise<Worker>}
 */
export async function startWorker({ module, name }) {
  const file = fileURLToPath(new URL('process-worker.mjs', import.meta.url))
  // Nothing of ours in its environment: subjects look for settings there.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME }
  const worker = fork(file, [module.href, name], { env, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  /** @type {Promise<never>} */
  const ended = once(worker, 'exit').then(([code]) => Promise.reject(new Error(`${name}: a process ended (${code}).`)))
  ended.catch(() => {})
  const message = async (/** @type {string} */ about) => {
    for (;;) {
      const [found] = await Promise.race([once(worker, 'message'), ended])
      if (found.about === 'failure') throw new Error(`${name}: ${found.reason}`)
      if (found.about === about) return found.answer
    }
  }
  await message('answer')
  return {
    ask(question) {
      const answered = message('answer')
      worker.send(question)
      return answered
    },
    holding: () => message('holding'),
    kill() {
      const over = once(worker, 'exit')
      worker.kill('SIGKILL')
      return over
    },
    close: () => void (worker.connected && worker.disconnect()),
  }
}

/**
 * @param {Origin} origin
 * @param {number} count
 */
export async function startWorkers(origin, count) {
  return Promise.all(Array.from({ length: count }, () => startWorker(origin)))
}
