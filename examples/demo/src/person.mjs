// Who signs in: nobody but a program by default, with `--open` the person at the keyboard.
import process from 'node:process'
import { finishSignIn, startSignIn } from '@pentauth/core'
import { signIn } from '@pentauth/node'
import { signInAt } from '@pentauth/sandbox'
import { hasBrowser, openBrowser } from './browser.mjs'

/**
 * @typedef {import('@pentauth/node').Service} Service
 * @typedef {Pick<import('@pentauth/core').StartSignInOptions, 'store' | 'runtime' | 'client'>} Wishes
 *
 * @typedef {object} Person
 * @property {(service: Service, wishes: Wishes) => Promise<URL | undefined>} signIn returns the page that they were sent to
 */

/**
 * Ada, who allows everything: her forms are filled in over HTTP, and where the last page leads is read and not followed.
 * @returns {Person}
 */
export function headless() {
  return {
    async signIn(service, wishes) {
      const { url } = await startSignIn(service, { ...wishes, redirectUri: 'http://127.0.0.1/callback' })
      await finishSignIn(service, await signInAt(fetch, url), wishes)
      return url
    },
  }
}

/**
 * The person at the keyboard: the URL is shown, and opened where there is a browser.
 * @param {(text: string) => void} say
 * @param {AbortSignal} signal
 * @returns {Person}
 */
export function atTheKeyboard(say, signal) {
  const remote = Boolean(process.env.SSH_CONNECTION)
  return {
    async signIn(service, wishes) {
      /** @type {URL[]} */
      const pages = []
      /** @param {import('@pentauth/node').SignInRequest} request */
      const present = (request) => {
        if (request.way !== 'redirect') return
        const { url, redirectUri } = request
        const opens = !remote && hasBrowser()
        const opening = opens ? 'your browser opens' : 'open'
        say(`\n${service.name}: ${opening} this page; the demo waits for five minutes.\n  ${url}\n`)
        if (remote) {
          const ports = [url, new URL(redirectUri)].map(({ port }) => `-L ${port}:127.0.0.1:${port}`)
          say(`  Over SSH, first run on the machine with the browser: ssh ${ports.join(' ')} <this host>\n`)
        }
        if (opens) openBrowser(url)
        pages.push(url)
      }
      // The sandbox's pages are a browser's, wherever the demo runs.
      await signIn(service, { ...wishes, present, signal, browser: true })
      return pages[0]
    },
  }
}
