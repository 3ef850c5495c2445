import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {object} Server
 * @property {string} origin
 * @property {(question: object) => Promise<any>} ask what the server answers over the channel; one question at a time
 * @property {() => void} close
 */

/**
 * Starts a server of our own, which says its origin first. It ends with its channel to this process, so it is never left behind,
 * whatever ends us.
 * @param {URL} file
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<Server>}
 */
export async function startServer(file, env = {}) {
  const server = fork(fileURLToPath(file), { env, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const answer = async () => {
    const over = new AbortController()
    const { signal } = over
    try {
      const [message] = await Promise.race([
        once(server, 'message', { signal }),
        once(server, 'exit', { signal }).then(([code]) =>
          Promise.reject(new Error(`The server ended (exit code ${code}).`)),
        ),
      ])
      return message
    } finally {
      over.abort()
    }
  }
  return {
    origin: await answer(),
    ask(question) {
      const answered = answer()
      server.send(question)
      return answered
    },
    close: () => server.disconnect(),
  }
}
