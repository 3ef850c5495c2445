// Clients that must come to grief in the storms of MCP clients: a bench that everybody passes shows nothing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { oursOnBoth } from '../mcp-client.mjs'
import { startWorld } from '../oauth-client.mjs'
import { casesOf, isMet, measure } from '../storms-mcp.mjs'

const cases = casesOf(0.01)
const named = (/** @type {string} */ name) =>
  /** @type {import('../storms-mcp.mjs').Case} */ (cases.find((one) => one.name === name))

/** @type {import('../oauth-client.mjs').World} */
let world
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

/**
 * Our client, with calls of its own.
 * @param {(client: import('../mcp-client.mjs').McpClient, first: boolean) => Promise<unknown>} call
 * @returns {import('../mcp-client.mjs').McpContender}
 */
function twin(call) {
  const [, ours] = oursOnBoth(`${world.origin}/mcp`)
  return {
    name: 'twin',
    async signIn(browse, known) {
      const client = await /** @type {import('../mcp-client.mjs').McpContender} */ (ours).signIn(browse, known)
      let first = true
      return {
        ...client,
        call() {
          const was = first
          first = false
          return call(client, was)
        },
      }
    },
  }
}

describe('a row', () => {
  it('counts calls that fail or answer with an error', async () => {
    const answers = [() => Promise.reject(new Error('no')), async () => ({ isError: true })]
    for (const answer of answers) {
      const row = await measure(
        world,
        twin((client, first) => (first ? client.call() : answer())),
        named('refused'),
      )
      expect(row).toMatchObject({ calls: 20, ok: 0, tokenRequests: 0, redirects: 0, requests: 0, sessionAlive: true })
      expect(isMet(named('refused').goal, row)).toBe(false)
    }
  })

  it('counts every request that the client makes', async () => {
    const wasteful = twin(async (client) => {
      await fetch(`${world.origin}/mcp`, { method: 'POST', body: '{}' })
      return client.call()
    })
    const row = await measure(world, wasteful, named('expired call'))
    expect(row).toMatchObject({ calls: 1, ok: 1, tokenRequests: 1, requests: 3 })
    expect(isMet(named('expired call').goal, row)).toBe(false)
  })

  it('is no row where the first call with a good token fails', async () => {
    const broken = twin(() => Promise.reject(new Error('no')))
    await expect(measure(world, broken, named('refused'))).rejects.toThrow('the first call with a good token failed')
  })
})

it('the server refuses a client without a token, and its metadata leads to the authorization server', async () => {
  const url = `${world.origin}/mcp`
  const refused = await fetch(url, { method: 'POST', body: '{}' })
  expect(refused.status).toBe(401)
  const metadata = `${world.origin}/.well-known/oauth-protected-resource/mcp`
  expect(refused.headers.get('www-authenticate')).toContain(`resource_metadata="${metadata}"`)
  expect(await (await fetch(metadata)).json()).toEqual({ resource: url, authorization_servers: [world.origin] })
})

describe('strict rotation', () => {
  /** @param {string} refreshToken */
  const refresh = async (refreshToken) => {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken })
    const response = await fetch(`${world.origin}/token`, { method: 'POST', body })
    const { refresh_token: next } = /** @type {{ refresh_token: string }} */ (await response.json())
    return { status: response.status, next }
  }

  it.each([
    ['refused', true],
    ['refused, reuse detection', false],
  ])('%s: after a refresh token came back, the session is alive: %s', async (name, alive) => {
    const { refreshToken } = await world.begin(named(name).setup)
    const { next } = await refresh(refreshToken)
    expect((await refresh(refreshToken)).status).toBe(400)
    expect(await world.isAlive(next)).toBe(alive)
  })
})

it('the goal is missed by one request, one redirect, one failed call or a dead session', () => {
  const { goal } = named('expired call')
  const row = {
    subject: 'x',
    case: 'x',
    calls: 1,
    ok: 1,
    tokenRequests: 1,
    sessionAlive: true,
    redirects: 0,
    requests: 2,
  }
  expect(isMet(goal, row)).toBe(true)
  for (const flaw of [{ requests: 3 }, { tokenRequests: 2 }, { redirects: 1 }, { ok: 0 }, { sessionAlive: false }])
    expect(isMet(goal, { ...row, ...flaw })).toBe(false)
})
