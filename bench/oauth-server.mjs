// The other end of the storms and requests benches: an API, an MCP server, and the authorization server their access tokens come from. A refresh
// token works once; when one comes back, all tokens of its sign-in are dead. Each case is set up over the channel to the process
// that started this one, and its requests are counted here. Ends with that process.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { testKey } from '../tooling/canary/test-key.mjs'
import { mcpAnswer } from './mcp-answers.mjs'

/**
 * @typedef {object} Setup
 * @property {boolean} [expired] the first access token has ended
 * @property {number} [lifetime] seconds that access tokens are said to live, an hour unless given
 * @property {number} [latency] ms a token request takes
 * @property {number} [spread] ms the slowest API request takes; the others are spread below that
 * @property {'once' | 'always'} [unavailable] the token endpoint answers 503
 * @property {boolean} [loses] the first refresh is done, and its answer never arrives
 * @property {boolean} [forgives] a refresh token that comes back is refused, and nothing else happens
 * @property {boolean} [grace] the last refresh token before the current one still works, as long as the current one was not used
 */

/**
 * @typedef {object} Session one sign-in
 * @property {string} refreshToken the current one
 * @property {string | undefined} previous
 * @property {string} accessToken the latest one
 * @property {boolean} revoked
 */

/** @typedef {'discovery' | 'registration' | 'authorization' | 'token' | 'api'} Kind */

/** @typedef {{ readonly status: number, readonly body?: object, readonly headers?: Record<string, string> }} Answer */

/** What the parent may ask for. @type {Readonly<Record<string, (question: any) => unknown>>} */
const answers = {
  /** A new case and a sign-in for it. Tokens of earlier cases are unknown from then on, so their late requests count nowhere. */
  begin(/** @type {{ setup: Setup }} */ question) {
    setup = question.setup
    served = 0
    refreshes = 0
    for (const map of [sessions, accessTokens, codes]) map.clear()
    counts = noRequests()
    const { accessToken, refreshToken } = newTokens(signedIn())
    if (setup.expired) accessTokens.set(accessToken, undefined)
    return { accessToken, refreshToken }
  },
  /** The next round of a sign-in that is alive: its tokens of now, the access token ended, and counts from zero. */
  again(/** @type {{ refreshToken: string | undefined }} */ { refreshToken = '' }) {
    const session = sessions.get(refreshToken)
    if (session === undefined || !isUsable(session, refreshToken)) return null
    counts = noRequests()
    answers.revokeAccess?.({})
    return { accessToken: session.accessToken, refreshToken }
  },
  /** Ends the access tokens there are, as a service may at any time; the sign-in goes on. */
  revokeAccess() {
    for (const token of accessTokens.keys()) accessTokens.set(token, undefined)
  },
  counts: () => counts,
  isAlive(/** @type {{ refreshToken: string | undefined }} */ { refreshToken = '' }) {
    const session = sessions.get(refreshToken)
    return session !== undefined && isUsable(session, refreshToken)
  },
}

/** @type {Setup} */
let setup = {}
/** @type {Record<Kind, number>} */
let counts
let made = 0
let served = 0
let refreshes = 0
let origin = ''

/** By every refresh token there was. @type {Map<string, Session>} */
const sessions = new Map()
/** `undefined`: the token has ended. @type {Map<string, Session | undefined>} */
const accessTokens = new Map()
/** What each code was asked for with. @type {Map<string, URLSearchParams>} */
const codes = new Map()

/** @returns {Record<Kind, number>} */
function noRequests() {
  return { discovery: 0, registration: 0, authorization: 0, token: 0, api: 0 }
}

/** @returns {Session} */
function signedIn() {
  return { refreshToken: '', previous: undefined, accessToken: '', revoked: false }
}

/** @param {Session} session */
function newTokens(session) {
  made += 1
  session.previous = session.refreshToken
  session.refreshToken = testKey.token(`refresh ${made}`)
  session.accessToken = testKey.token(`access ${made}`)
  sessions.set(session.refreshToken, session)
  accessTokens.set(session.accessToken, session)
  return session
}

/**
 * @param {Session} session
 * @param {string} refreshToken
 */
function isUsable({ revoked, refreshToken: current, previous }, refreshToken) {
  return !revoked && (refreshToken === current || (setup.grace === true && refreshToken === previous))
}

/** @typedef {{ url: URL, method: string | undefined, body: string, authorization: string }} Request */

/** @type {Readonly<Record<string, (request: Request) => Promise<Answer | undefined>>>} */
const routes = {
  '/.well-known/oauth-protected-resource/api': async () => resourceMetadata('/api'),
  '/.well-known/oauth-protected-resource/mcp': async () => resourceMetadata('/mcp'),
  '/.well-known/oauth-authorization-server': async () => {
    counts.discovery += 1
    const body = {
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      registration_endpoint: `${origin}/register`,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none'],
      authorization_response_iss_parameter_supported: true,
    }
    return { status: 200, body }
  },
  '/register': async ({ body }) => {
    counts.registration += 1
    return { status: 201, body: { ...JSON.parse(body), client_id: 'bench', client_id_issued_at: 1 } }
  },
  '/authorize': async ({ url: { searchParams: asked } }) => {
    counts.authorization += 1
    const code = testKey.token(`code ${codes.size}`)
    codes.set(code, asked)
    const callback = new URL(asked.get('redirect_uri') ?? '')
    callback.search = String(new URLSearchParams({ code, state: asked.get('state') ?? '', iss: origin }))
    return { status: 302, headers: { location: callback.href } }
  },
  '/token': ({ body }) => {
    const form = new URLSearchParams(body)
    return form.get('grant_type') === 'refresh_token' ? refresh(form) : exchange(form)
  },
  '/api': async (request) => (await refusal(request)) ?? { status: 200, body: { ok: true } },
  '/mcp': async (request) => (await refusal(request)) ?? mcpAnswer(request.method, request.body),
}

/** @param {string} path of the resource */
function resourceMetadata(path) {
  counts.discovery += 1
  return { status: 200, body: { resource: `${origin}${path}`, authorization_servers: [origin] } }
}

/**
 * @param {Request} request
 * @returns {Promise<Answer | undefined>} nothing where its token is good
 */
async function refusal({ url, authorization }) {
  counts.api += 1
  const token = authorization.replace(/^Bearer /, '')
  // What counts is when the request came, not when its answer goes.
  const isTaken = accessTokens.get(token)?.revoked === false
  served += 1
  // A large prime: neighbours are far apart, and all delays differ.
  if (setup.spread) await setTimeout(((served * 7919) % 200) * (setup.spread / 200))
  if (isTaken) return undefined
  const metadata = `${origin}/.well-known/oauth-protected-resource${url.pathname}`
  const challenge = `Bearer error="invalid_token", resource_metadata="${metadata}"`
  return { status: 401, body: { ok: false }, headers: { 'www-authenticate': challenge } }
}

/** @param {URLSearchParams} form */
async function exchange(form) {
  counts.token += 1
  const asked = codes.get(form.get('code') ?? '')
  codes.delete(form.get('code') ?? '')
  const challenge = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url')
  if (asked?.get('code_challenge') !== challenge) return { status: 400, body: { error: 'invalid_grant' } }
  return tokenAnswer(newTokens(signedIn()))
}

/** @param {URLSearchParams} form */
async function refresh(form) {
  const given = form.get('refresh_token') ?? ''
  const session = sessions.get(given)
  if (!session) return { status: 400, body: { error: 'invalid_grant' } }
  counts.token += 1
  refreshes += 1
  const isFirst = refreshes === 1
  const answer = judge(session, given, isFirst)
  await setTimeout(setup.latency ?? 0)
  return setup.loses && isFirst ? undefined : answer
}

/**
 * @param {Session} session
 * @param {string} given
 * @param {boolean} isFirst
 * @returns {Answer}
 */
function judge(session, given, isFirst) {
  if (setup.unavailable === 'always' || (setup.unavailable === 'once' && isFirst)) {
    return { status: 503, body: { error: 'temporarily_unavailable' } }
  }
  if (isUsable(session, given)) return tokenAnswer(newTokens(session))
  // It came back: somebody else may have it.
  session.revoked = setup.forgives !== true
  return { status: 400, body: { error: 'invalid_grant' } }
}

/**
 * @param {Session} session
 * @returns {Answer}
 */
function tokenAnswer({ accessToken, refreshToken }) {
  const tokens = { access_token: accessToken, refresh_token: refreshToken }
  return { status: 200, body: { ...tokens, token_type: 'Bearer', expires_in: setup.lifetime ?? 3600 } }
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<Answer | undefined>} nothing where the connection just breaks
 */
async function answerTo(request) {
  let body = ''
  for await (const chunk of request) body += chunk
  const url = new URL(request.url ?? '/', origin)
  const { authorization = '' } = request.headers
  const route = routes[url.pathname]
  return route ? route({ url, method: request.method, body, authorization }) : { status: 404 }
}

const server = createServer(async (request, response) => {
  const answer = await answerTo(request)
  if (!answer) return request.socket.destroy()
  const { status, headers, body } = answer
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(body && JSON.stringify(body))
})
// A subject's connections outlive the turns of the others.
server.keepAliveTimeout = 120_000
answers.begin?.({ setup })
process.on('message', (/** @type {{ ask: string }} */ question) =>
  process.send?.(answers[question.ask]?.(question) ?? null),
)
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address !== 'object') return
  origin = `http://127.0.0.1:${address?.port}`
  process.send?.(origin)
})
