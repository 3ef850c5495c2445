// Plays one scene: a real Auth of @pentauth/node, real HTTP to the sandbox, and a check of everything that is documented.
import { services } from '@pentauth/core/services'
import { createAuth, errorFrom, relocate } from '@pentauth/node'
import { facts } from '@pentauth/sandbox'

/**
 * @typedef {import('./scenes.mjs').Scene} Scene
 * @typedef {import('./scenes.mjs').Call} Call
 *
 * @typedef {object} Row one call, as `--json` prints it
 * @property {string} service
 * @property {string} resource
 * @property {string} credential
 * @property {string} header the header that carried the credential
 * @property {string} operation
 * @property {number} status HTTP status
 * @property {boolean} ok whether the outcome is the documented one
 * @property {number} ms
 *
 * @typedef {object} Told what only the screen shows
 * @property {string} answer
 * @property {import('@pentauth/node').PentauthError} [error]
 *
 * @typedef {{ source: string, preview: string, fingerprint: string }} Found
 *
 * @typedef {object} Stage
 * @property {import('@pentauth/sandbox').Sandbox} sandbox
 * @property {Record<string, string>} origins
 */

/** Headers as people write them. */
const headerNames = { authorization: 'Authorization: Bearer', 'x-api-key': 'x-api-key' }

/**
 * @param {Stage} stage
 * @param {Scene} scene
 * @param {{ found(scene: Scene, found: Found, header: string, extra: string): void, row(call: Call, row: Row, told: Told): void }} show
 */
export async function play({ sandbox, origins }, scene, show) {
  const definition = services.find(({ id }) => id === scene.service)
  if (!definition) throw new TypeError(`no definition of ${scene.service}`)
  const service = relocate(definition, origins)
  /** @type {import('@pentauth/node').PentauthEvent[]} */
  const events = []
  const auth = createAuth(service, {
    env: scene.env,
    onEvent: (event) => events.push(event),
    // The sandbox's clock moves in this demo, and the client lives in the same time.
    runtime: { now: () => sandbox.clock.now() },
  })
  const base = service.resources[scene.resource]?.url
  if (!base) throw new TypeError(`no resource ${scene.resource}`)

  await auth.credential(base)
  const selected = events.find((event) => event.type === 'credential_selected')
  const extra = Object.entries(service.resources[scene.resource]?.headers ?? {}).map((header) => header.join(': '))
  if (selected) show.found(scene, selected.credential, headerNames[selected.header], extra.join(', '))
  for (const call of scene.calls) {
    call.prepare?.()
    const { row, told } = await perform(sandbox, auth, base, scene, call)
    show.row(call, row, told)
  }
}

/**
 * @param {import('@pentauth/sandbox').Sandbox} sandbox
 * @param {import('@pentauth/node').Auth} auth
 * @param {string} base
 * @param {Scene} scene
 * @param {Call} call
 * @returns {Promise<{ row: Row, told: Told }>}
 */
async function perform(sandbox, auth, base, scene, call) {
  const method = call.json === undefined ? 'GET' : 'POST'
  const path = call.path ?? call.operation.split(' ')[1]
  const started = performance.now()
  const response = await auth.fetch(`${base}${path}`, {
    method,
    ...(call.json === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(call.json) }),
  })
  const error = await errorFrom(response)
  const answer = error ? '' : await answerOf(response, call)
  const ms = Math.round((performance.now() - started) * 10) / 10

  // What the server saw, and what the service's page says, told by the sandbox and not by our own definitions.
  const { pathname } = new URL(`${base}${path}`)
  const entry = sandbox.journal.entries.findLast(({ url }) => new URL(url).pathname === pathname)
  const sent = entry?.credential?.header
  const documented = facts[scene.service].resources
    .filter(({ url }) => pathname.startsWith(new URL(url).pathname))
    .sort((a, b) => b.url.length - a.url.length)[0]
  const kind = scene.credential === 'api-key' ? 'apiKey' : 'accessToken'
  const extra = auth.service.resources[scene.resource]?.headers
  const ok =
    response.status === call.expected.status &&
    error?.code === call.expected.code &&
    sent !== undefined &&
    sent === documented?.headers[kind]?.[0] &&
    Object.entries(documented?.extraHeaders ?? {}).every(
      ([name, value]) => entry?.headers.includes(name) && extra?.[name] === value,
    )
  return {
    row: {
      service: scene.service,
      resource: scene.resource,
      credential: scene.credential,
      header: sent === undefined || sent === 'body' ? String(sent) : headerNames[sent],
      operation: `${method} ${pathname}`,
      status: response.status,
      ok,
      ms,
    },
    told: { answer, ...(error ? { error } : {}) },
  }
}

/**
 * @param {Response} response
 * @param {Call} call
 */
async function answerOf(response, call) {
  if (call.summary) return call.summary(await response.json())
  const text = await response.text()
  const lines = text.split('\n').filter(Boolean)
  return `a stream of ${lines.length} lines, the last: ${lines.at(-1)}`
}
