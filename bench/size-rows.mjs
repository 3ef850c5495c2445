// The rows of `npm run size`: what a page loads of us and of our peers, bundled in the same way.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundlePage, sizeOf } from './bundle-page.mjs'

/** @typedef {{ subject: string, entry: string, min: number, gzip: number }} SizeRow */

/** Entry of each peer: client, redirect sign-in, callback, a token that is renewed, authenticated fetch. @type {Readonly<Record<string, string>>} */
export const PEERS = {
  'oidc-client-ts': 'oidc-client-ts.mjs',
  '@auth0/auth0-spa-js': 'auth0-spa-js.mjs',
  '@azure/msal-browser': 'msal-browser.mjs',
  'keycloak-js': 'keycloak-js.mjs',
  '@badgateway/oauth2-client': 'badgateway.mjs',
  'react-oauth2-code-pkce': 'react-oauth2-code-pkce.mjs',
}

/**
 * Ours. A sign-in loads its parts when they are needed, so there are three rows of it: everything that one needs in which all goes well,
 * which is the row to compare; what the page needs before anybody clicks; and all that trouble and options can load, too.
 *
 * @returns {Promise<readonly SizeRow[]>}
 */
export async function ownRows() {
  const [headers, signIn, all] = await Promise.all(['headers', 'sign-in', 'all'].map((name) => bundlePage(entry(name))))
  return [
    row('headers', headers, ['first']),
    row('headers, with what trouble loads', headers),
    row('sign-in', signIn, ['first', 'journey']),
    row('sign-in, first load', signIn, ['first']),
    row('sign-in, where the page registers itself', [
      ...(signIn ?? []).filter(({ when, part }) => when !== 'trouble' || part === 'registration'),
    ]),
    row('sign-in, with what trouble loads', signIn),
    row('all', all),
  ]
}

/**
 * @param {string} name
 * @param {readonly import('./bundle-page.mjs').PageFile[] | undefined} files
 * @param {readonly import('./bundle-page.mjs').PageFile['when'][]} [when]
 * @returns {SizeRow}
 */
function row(name, files = [], when) {
  return { subject: 'pentauth', entry: name, ...sizeOf(files, when) }
}

/** @param {string} name */
export function entry(name) {
  return fileURLToPath(new URL(`size-entries/${name}.mjs`, import.meta.url))
}

/**
 * @param {URL} folder where the peers are installed
 * @returns {Promise<readonly SizeRow[]>}
 */
export async function peerRows(folder) {
  return Promise.all(
    Object.entries(PEERS).map(async ([subject, file]) => {
      const path = fileURLToPath(new URL(file, folder))
      if (!existsSync(path)) throw new Error(`There is no entry for ${subject}.`)
      // React is the app's own.
      const files = await bundlePage(path, { external: ['react', 'react/jsx-runtime'] })
      return { subject, entry: 'sign-in', ...sizeOf(files) }
    }),
  )
}
