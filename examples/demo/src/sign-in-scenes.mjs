// A person signs in at the pages of each service that has them: then a call, a renewal and the end of it.
import { signOut } from '@pentauth/core'
import { createAuth, PentauthError } from '@pentauth/node'
import { facts } from '@pentauth/sandbox'

/**
 * @typedef {import('./scenes.mjs').Scene} Scene
 * @typedef {import('./visit.mjs').Visit} Visit
 * @typedef {import('@pentauth/sandbox').Apps} Apps
 * @typedef {Parameters<Apps['list']>[0]} SignInService
 */

/**
 * @param {import('@pentauth/sandbox').Sandbox} sandbox
 * @returns {Scene[]}
 */
export function signInScenes(sandbox) {
  /** @param {SignInService} service */
  const revoked = (service) => ({
    before: 'the app is revoked in the account, and the MCP client calls on',
    prepare() {
      for (const { id } of sandbox.apps.list(service)) sandbox.apps.revoke(service, id)
    },
    expected: { status: 401, code: 'credential_refused' },
    holds: signInRequired,
  })
  const signedOut = {
    before: 'signed out, which revokes too: whoever kept a copy of the token is refused',
    prepare: leave,
    expected: { status: 401, code: 'credential_refused' },
    /** @param {Visit} visit */
    holds: async (visit) => sandbox.apps.list('pensyve').length === 0 && (await signInRequired(visit)),
  }

  return [
    scene(sandbox, 'pendium', {
      name: 'get_account',
      summary: ({ plan, creditBalance }) => `plan ${plan}, ${creditBalance} credits`,
      good: ({ agentCount, agents }) => agents.length === agentCount,
      end: revoked('pendium'),
    }),
    scene(sandbox, 'pensyve', {
      name: 'pensyve_status',
      summary: ({ namespace, health }) => `${namespace}, health ${health}`,
      good: ({ health }) => health === 'ok',
      end: signedOut,
    }),
    scene(sandbox, 'profundis', {
      name: 'whoami',
      summary: ({ account, plan }) => `${account}, plan ${plan}`,
      good: ({ entitled }) => entitled === true,
      end: revoked('profundis'),
    }),
  ]
}

/**
 * @typedef {object} Tool
 * @property {string} name
 * @property {(body: any) => string} summary
 * @property {(body: any) => boolean} good
 * @property {Omit<import('./scenes.mjs').Call, 'operation'>} end
 *
 * @param {import('@pentauth/sandbox').Sandbox} sandbox
 * @param {SignInService} service
 * @param {Tool} tool
 * @returns {Scene}
 */
function scene({ clock, tokens }, service, { name, summary, good, end }) {
  const call = { operation: `tools/call ${name}`, tool: { name }, expected: { status: 200 }, summary }
  const lifetime = facts[service].authorizationServer?.accessTokenLifetime ?? 0
  /** @param {number} codes @param {number} refreshes */
  const tokenRequests = (codes, refreshes) =>
    tokens.requests(service, 'authorization_code') === codes && tokens.requests(service, 'refresh_token') === refreshes

  return {
    service,
    resource: 'mcp',
    credential: 'oauth',
    calls: [
      {
        ...call,
        holds: ({ answer, signInUrl }) =>
          good(answer) && tokenRequests(1, 0) && signInUrl?.searchParams.get('code_challenge_method') === 'S256',
      },
      {
        ...call,
        before: `${lifetime / 60} minutes later: the token is over, and one refresh has brought the next`,
        prepare: () => clock.advance(lifetime * 1000),
        holds: ({ answer }) => good(answer) && tokenRequests(1, 1),
      },
      { operation: call.operation, tool: call.tool, ...end },
    ],
  }
}

/**
 * Signs out, and goes on with a copy of the token that somebody might have.
 * @param {Visit} visit
 */
async function leave(visit) {
  const { service, auth, base, store, runtime } = visit
  const kept = { ...(await auth.credential(base)), source: 'a copy' }
  await signOut(service, { store, runtime })
  const credential = { name: kept.source, kind: kept.kind, get: () => kept }
  visit.fetch = createAuth(service, { credential, runtime }).fetch
}

/**
 * Whether the program is told, before anything is sent, that somebody has to sign in again.
 * @param {Visit} visit
 */
async function signInRequired({ auth, base }) {
  const error = await auth.credential(base).catch((caught) => caught)
  return PentauthError.isInstance(error) && error.code === 'sign_in_required'
}
