// One of the processes of the processes bench: opens what a subject keeps in the shared store, and makes a call when it is told to.
// Argument: the module of the subject and its name in it. Ends with the process that started it.
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'

/**
 * @typedef {object} Place where a subject keeps its sign-in
 * @property {string} origin of the authorization server
 * @property {string} url of the API
 * @property {string} folder an empty one at first
 * @property {{ socket: string, prefix: string }} [redis] instead of the folder
 */

/**
 * @typedef {object} Subject
 * @property {(place: Place, session: import('./oauth-client.mjs').Session) => Promise<void>} save as after a sign-in
 * @property {(place: Place, fetch?: typeof globalThis.fetch) => Promise<{ call: () => Promise<unknown>, close?: () => unknown }>} open
 *   with what is saved; `call` is one authorized request
 * @property {(place: Place) => Promise<string | undefined>} held the refresh token that is saved
 */

const [, , file = '', name = ''] = process.argv
/** @type {Subject} */
const subject = (await import(file)).subjects[name]
/** @type {Awaited<ReturnType<Subject['open']>> | undefined} */
let client

/** A token request that never leaves: whoever is about to send it says so, and waits for its end. */
const doomedFetch = async (/** @type {any} */ input, /** @type {any} */ init) => {
  const { pathname } = new URL(input instanceof Request ? input.url : input)
  if (pathname !== '/token') return fetch(input, init)
  process.send?.({ about: 'holding' })
  return new Promise(() => {})
}

/** @type {Readonly<Record<string, (question: any) => unknown>>} */
const answers = {
  save: ({ place, session }) => subject.save(place, session),
  held: ({ place }) => subject.held(place),
  async open({ place, isDoomed }) {
    await client?.close?.()
    client = await subject.open(place, isDoomed ? doomedFetch : undefined)
  },
  /** At a moment that all have been told: the clock of the machine is everybody's. */
  async call({ at, patience }) {
    await setTimeout(Math.max(0, at - Date.now()))
    const late = new AbortController()
    const body = await Promise.race([
      Promise.resolve(client?.call()).catch(() => undefined),
      setTimeout(patience, undefined, { signal: late.signal }),
    ])
    late.abort()
    return { ok: /** @type {any} */ (body)?.ok === true, endedAt: Date.now() }
  },
}

// What some peers print in trouble is no part of the report.
console.warn = () => {}
process.on('message', async (/** @type {{ ask: string }} */ question) => {
  try {
    process.send?.({ about: 'answer', answer: await answers[question.ask]?.(question) })
  } catch (error) {
    process.send?.({ about: 'failure', reason: String(error) })
  }
})
process.on('disconnect', () => process.exit())
process.send?.({ about: 'answer' })
