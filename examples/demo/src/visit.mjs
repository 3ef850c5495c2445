// One scene's visit to its service: a real Auth, and a sign-in at the service's pages where the scene asks for one.
import { memoryStore, signedIn } from '@pentauth/core'
import { services } from '@pentauth/core/services'
import { createAuth, relocate } from '@pentauth/node'

/**
 * @typedef {object} Visit
 * @property {import('@pentauth/node').Service} service where it listens
 * @property {string} base of the scene's resource
 * @property {import('@pentauth/node').Auth} auth
 * @property {import('@pentauth/node').PentauthEvent[]} events
 * @property {import('@pentauth/core').Store} store where a sign-in is kept
 * @property {{ now(): number }} runtime
 * @property {(input: string | URL | Request, init?: RequestInit) => Promise<Response>} fetch what calls are sent with
 * @property {URL} [signInUrl] where the person was sent
 * @property {any} [answer] body of the last call
 * @property {import('./mcp-session.mjs').McpSession} [mcp]
 */

/**
 * @param {import('./play.mjs').Stage} stage
 * @param {import('./scenes.mjs').Scene} scene
 * @returns {Promise<Visit>}
 */
export async function visit({ sandbox, origins, person }, scene) {
  const definition = services.find(({ id }) => id === scene.service)
  if (!definition) throw new TypeError(`no definition of ${scene.service}`)
  const service = relocate(definition, origins)
  const base = service.resources[scene.resource]?.url
  if (!base) throw new TypeError(`no resource ${scene.resource}`)
  const store = memoryStore()
  // The sandbox's clock moves in this demo, and the client lives in the same time.
  const runtime = { now: () => sandbox.clock.now() }
  const client = { name: 'Pentauth demo' }
  const signInUrl = scene.credential === 'oauth' ? await person.signIn(service, { store, runtime, client }) : undefined
  /** @type {import('@pentauth/node').PentauthEvent[]} */
  const events = []
  const auth = createAuth(service, {
    env: scene.env ?? {},
    ...(signInUrl ? { credential: signedIn({ store }) } : {}),
    onEvent: (event) => events.push(event),
    runtime,
  })
  return { service, base, auth, events, store, runtime, fetch: auth.fetch, ...(signInUrl ? { signInUrl } : {}) }
}
