// Plays one scene: a real Auth of @pentauth/node, real HTTP to the sandbox, and a check of everything that is documented.
import { errorFrom } from '@pentauth/node'
import { facts } from '@pentauth/sandbox'
import { connect } from './mcp-session.mjs'
import { visit } from './visit.mjs'

/**
 * @typedef {import('./scenes.mjs').Scene} Scene
 * @typedef {import('./scenes.mjs').Call} Call
 * @typedef {import('./visit.mjs').Visit} Visit
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
 * @property {import('./person.mjs').Person} person
 */

/** Headers as people write them. */
const headerNames = { authorization: 'Authorization: Bearer', 'x-api-key': 'x-api-key' }

/**
 * @param {Stage} stage
 * @param {Scene} scene
 * @param {{ found(scene: Scene, found: Found, header: string, extra: string): void, row(call: Call, row: Row, told: Told): void }} show
 */
export async function play(stage, scene, show) {
  const here = await visit(stage, scene)
  const { auth, base, events, signInUrl } = here
  await auth.credential(base)
  const selected = events.find((event) => event.type === 'credential_selected')
  const extra = Object.entries(here.service.resources[scene.resource]?.headers ?? {}).map((header) => header.join(': '))
  if (selected) {
    const { credential, header } = selected
    const page = signInUrl && ` at ${signInUrl.origin}${signInUrl.pathname}, with PKCE`
    const found = { ...credential, source: `${credential.source}${page ?? ''}` }
    show.found(scene, found, headerNames[header], extra.join(', '))
  }
  try {
    for (const call of scene.calls) {
      await call.prepare?.(here)
      const { row, told } = await perform(stage, here, scene, call)
      show.row(call, row, told)
    }
  } finally {
    await here.mcp?.close()
  }
}

/**
 * @param {Stage} stage
 * @param {Visit} here
 * @param {Scene} scene
 * @param {Call} call
 * @returns {Promise<{ row: Row, told: Told }>}
 */
async function perform(stage, here, scene, call) {
  // Like any MCP client, the one of a visit says hello once.
  if (call.tool) here.mcp ??= await connect(here)
  const started = performance.now()
  const sent = call.tool ? await callTool(here, call, call.tool) : await request(here, call)
  const ms = Math.round((performance.now() - started) * 10) / 10
  const { header, asDocumented } = seen(stage, here, scene, sent)
  const ok =
    sent.status === call.expected.status &&
    sent.error?.code === call.expected.code &&
    asDocumented &&
    // A tool that failed says so in an answer with status 200.
    (!call.tool || sent.error !== undefined || here.answer !== undefined) &&
    (await (call.holds?.(here) ?? true))
  const tool = call.tool ? ` ${call.tool.name}` : ''
  return {
    row: {
      service: scene.service,
      resource: scene.resource,
      credential: scene.credential,
      header,
      operation: `${sent.method} ${new URL(sent.url).pathname}${tool}`,
      status: sent.status,
      ok,
      ms,
    },
    told: { answer: sent.answer, ...(sent.error ? { error: sent.error } : {}) },
  }
}

/** @typedef {Told & { method: string, url: string, status: number }} Sent a call that was made */

/**
 * @param {Visit} here
 * @param {Call} call
 * @returns {Promise<Sent>}
 */
async function request(here, call) {
  const method = call.json === undefined ? 'GET' : 'POST'
  const url = `${here.base}${call.path ?? call.operation.split(' ')[1]}`
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(call.json) }
  const response = await here.fetch(url, { method, ...(call.json === undefined ? {} : json) })
  const error = await errorFrom(response)
  const answer = error ? '' : await answerOf(response, call)
  return { method, url, status: response.status, answer, ...(error ? { error } : {}) }
}

/**
 * @param {Visit} here
 * @param {Call} call
 * @param {NonNullable<Call['tool']>} tool
 * @returns {Promise<Sent>}
 */
async function callTool(here, call, tool) {
  const { status, body, error } = (await here.mcp?.call(tool)) ?? { status: 0, body: undefined, error: undefined }
  here.answer = body
  const answer = body === undefined ? '' : (call.summary?.(body) ?? '')
  return { method: 'POST', url: here.base, status, answer, ...(error ? { error } : {}) }
}

/**
 * What the server saw, and what the service's page says, told by the sandbox and not by our own definitions.
 * @param {Stage} stage
 * @param {Visit} here
 * @param {Scene} scene
 * @param {Sent} sent
 */
function seen({ sandbox, origins }, here, scene, { method, url }) {
  const { origin, pathname } = new URL(url)
  const documentedOrigin = Object.keys(origins).find((name) => origins[name] === origin)
  const entry = sandbox.journal.entries.findLast((one) => {
    const arrived = new URL(one.url)
    return one.method === method && arrived.origin === documentedOrigin && arrived.pathname === pathname
  })
  const header = entry?.credential?.header
  const documented = facts[scene.service].resources
    .map((resource) => ({ ...resource, at: new URL(resource.url) }))
    .filter(({ at }) => at.origin === documentedOrigin && pathname.startsWith(at.pathname))
    .sort((a, b) => b.url.length - a.url.length)[0]
  const extra = here.service.resources[scene.resource]?.headers
  const kind = scene.credential === 'api-key' ? 'apiKey' : 'accessToken'
  const asDocumented =
    header !== undefined &&
    header === documented?.headers[kind]?.[0] &&
    Object.entries(documented?.extraHeaders ?? {}).every(
      ([name, value]) => entry?.headers.includes(name) && extra?.[name] === value,
    )
  return { header: header === undefined || header === 'body' ? String(header) : headerNames[header], asDocumented }
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
