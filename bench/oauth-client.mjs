// The world of the storms and requests benches, and Pentauth in it.
import { createAuth, defineService, finishSignIn, memoryStore, signedIn, startSignIn } from '@pentauth/core'
import { startServer } from './start-server.mjs'

/**
 * @typedef {object} Session a sign-in that was saved earlier
 * @property {string} accessToken
 * @property {string} refreshToken
 * @property {number} expiresAt milliseconds since the epoch
 */

/**
 * @typedef {object} Client
 * @property {() => Promise<unknown>} call one authorized request; answers with the JSON of its body
 * @property {() => Promise<string | undefined>} held the refresh token that it would use next
 */

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {(session: Session) => Promise<Client>} resume goes on with a saved sign-in
 * @property {(browse: Browse) => Promise<Client>} [signIn] from nothing, where the subject finds and registers by itself
 */

/** @typedef {(url: URL) => Promise<URL>} Browse sends a person to an address, who comes back with another */

/** @typedef {Awaited<ReturnType<typeof startWorld>>} World */

const redirectUri = 'http://127.0.0.1:8123/callback'
const HOUR_MS = 3_600_000

export async function startWorld() {
  const { origin, ask, close } = await startServer(new URL('oauth-server.mjs', import.meta.url))
  const url = `${origin}/api`
  return {
    origin,
    url,
    close,
    /**
     * @param {import('./oauth-server.mjs').Setup} setup
     * @returns {Promise<Session>}
     */
    async begin(setup) {
      const tokens = await ask({ ask: 'begin', setup })
      return { ...tokens, expiresAt: Date.now() + (setup.expired ? -60_000 : HOUR_MS) }
    },
    /**
     * @param {string | undefined} refreshToken
     * @returns {Promise<Session | undefined>} the same sign-in with its access token ended; nothing where it is dead
     */
    async again(refreshToken) {
      const tokens = await ask({ ask: 'again', refreshToken })
      return tokens ? { ...tokens, expiresAt: Date.now() - 60_000 } : undefined
    },
    /** @returns {Promise<void>} */
    revokeAccess: () => ask({ ask: 'revokeAccess' }),
    /** @returns {Promise<Record<import('./oauth-server.mjs').Kind, number>>} */
    counts: () => ask({ ask: 'counts' }),
    /**
     * @param {string | undefined} refreshToken
     * @returns {Promise<boolean>} whether the authorization server would take it now
     */
    isAlive: (refreshToken) => ask({ ask: 'isAlive', refreshToken }),
    /** @type {Browse} */
    async browse(to) {
      const { headers } = await fetch(to, { redirect: 'manual' })
      return new URL(headers.get('location') ?? '')
    },
  }
}

/**
 * @param {World} world
 * @returns {Contender}
 */
export function ours({ origin, url }) {
  const service = benchService(url)
  const key = keyOf(url)
  const over = (/** @type {import('@pentauth/core').Store} */ store) => {
    const auth = createAuth(service, { credential: signedIn({ store }) })
    return {
      call: async () => (await auth.fetch(url)).json(),
      held: async () => JSON.parse((await store.get(key)) ?? '{}').refreshToken,
    }
  }
  return {
    name: 'pentauth',
    async resume(session) {
      const store = memoryStore()
      await store.set(key, saved({ origin, url }, session))
      return over(store)
    },
    async signIn(browse) {
      const store = memoryStore()
      const { url: to } = await startSignIn(service, { store, redirectUri, client: { name: 'Bench' } })
      await finishSignIn(service, await browse(to), { store })
      return over(store)
    },
  }
}

/** @param {string} url of the API */
export function benchService(url) {
  return defineService({
    id: 'bench',
    name: 'Bench',
    resources: { api: { url, protocol: 'rest', accessToken: true } },
    errors: [],
    links: { docs: { where: 'Bench docs', url: 'https://bench.example/docs' } },
    recommendations: [],
  })
}

/**
 * @param {string} url of the API
 * @returns {string} under which name Pentauth keeps its session
 */
export function keyOf(url) {
  return `session/${encodeURIComponent(url)}/default/default`
}

/**
 * @param {Pick<World, 'origin' | 'url'>} world
 * @param {Session} session
 * @returns {string} as Pentauth keeps it
 */
export function saved({ origin, url }, session) {
  const facts = {
    version: 1,
    issuer: origin,
    tokenEndpoint: `${origin}/token`,
    client: { clientId: 'bench', authMethod: 'none' },
    resource: url,
    account: 'default',
    obtainedAt: session.expiresAt - HOUR_MS,
  }
  return JSON.stringify({ ...facts, ...session })
}
