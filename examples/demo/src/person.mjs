// Who signs in: nobody but a program by default, with `--open` the person at the keyboard.
import process from 'node:process'
import { signInAt } from '@pentauth/sandbox'
import { hasBrowser, openBrowser } from './browser.mjs'
import { listenForCallback } from './callback.mjs'

/**
 * @typedef {object} Person
 * @property {string} redirectUri where the service's pages lead back to
 * @property {(name: string, url: URL) => Promise<URL>} signIn through the pages at the URL; returns where they led
 * @property {() => Promise<void>} close
 */

/**
 * Ada, who allows everything: her forms are filled in over HTTP, and where the last page leads is read and not followed.
 * @returns {Person}
 */
export function headless() {
  return {
    redirectUri: 'http://127.0.0.1/callback',
    signIn: (_name, url) => signInAt(fetch, url),
    close: async () => {},
  }
}

const patience = 5 * 60 * 1000

/**
 * The person at the keyboard: the URL is shown, and opened where there is a browser.
 * @param {(text: string) => void} say
 * @param {AbortSignal} stopped
 * @returns {Promise<Person>}
 */
export async function atTheKeyboard(say, stopped) {
  const callback = await listenForCallback()
  const remote = Boolean(process.env.SSH_CONNECTION)
  return {
    redirectUri: callback.redirectUri,
    close: callback.close,
    async signIn(name, url) {
      const opens = !remote && hasBrowser()
      say(`\n${name}: ${opens ? 'your browser opens' : 'open'} this page; the demo waits for five minutes.\n  ${url}\n`)
      if (remote) {
        const ports = [url, new URL(callback.redirectUri)].map(({ port }) => `-L ${port}:127.0.0.1:${port}`)
        say(`  Over SSH, first run on the machine with the browser: ssh ${ports.join(' ')} <this host>\n`)
      }
      if (opens) openBrowser(url)
      const waited = AbortSignal.timeout(patience)
      const came = callback.wait(url.searchParams.get('state') ?? '', AbortSignal.any([stopped, waited]))
      return came.catch((error) => {
        throw waited.aborted && !stopped.aborted ? new NobodyCame(name) : error
      })
    },
  }
}

/** Five minutes are over. */
export class NobodyCame extends Error {
  /** @param {string} name */
  constructor(name) {
    super(`Nobody signed in to ${name} within five minutes. Start the demo again, or leave --open out.`)
  }
}
