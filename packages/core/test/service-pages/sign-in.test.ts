import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { type Auth, errorFrom, parseChallenge, type Service } from '../../src/index.ts'
import { verifyAccessToken } from '../../src/jwt.ts'
import { pendium, pensyve, profundis } from '../../src/services.ts'
import { mcpClient, signInsOf } from './people.ts'
import { describeOnBoth, send } from './world.ts'

// The three services that sign people in, from nothing to a call and to the end, by their own pages.

/** What a tool says, called with `auth.fetch`. */
async function callTool(service: Service, auth: Pick<Auth, 'fetch'>, name: string) {
  await using client = await mcpClient(service, auth)
  return (await client.call(name)).json
}

const tools = {
  pendium: ['get_account', { agentCount: 1 }],
  pensyve: ['pensyve_status', { health: 'ok' }],
  profundis: ['whoami', { entitled: true }],
} as const
const life = { pendium: 3600, pensyve: 900, profundis: 3600 } as const

describeOnBoth('a person signs in', (world) => {
  describe.each([pendium, pensyve, profundis] as const)('$name', (service) => {
    const id = service.id as keyof typeof tools
    const [tool, answer] = tools[id]

    it('and an MCP client works, past the end of the token, until the app is revoked', async () => {
      const { there, signIn, auth } = signInsOf(world, service)
      expect(await signIn()).toMatchObject({ account: 'default', expiresAt: expect.any(Number) })
      const authorized = auth() as { fetch: typeof fetch }
      expect(await callTool(there, authorized, tool)).toMatchObject(answer)
      expect(world.sandbox.tokens.requests(id, 'refresh_token')).toBe(0)

      world.sandbox.clock.advance(1000 * life[id])
      expect(await callTool(there, authorized, tool)).toMatchObject(answer)
      expect(world.sandbox.tokens.requests(id, 'refresh_token')).toBe(1)

      const [app] = world.sandbox.apps.list(id)
      expect(app).toMatchObject({ account: 'ada', name: 'Test' })
      world.sandbox.apps.revoke(id, app?.id as string)
      const refused = await auth().fetch(there.resources.mcp?.url as string, { method: 'POST' })
      expect(refused.status).toBe(401)
      expect((await caught(auth().credential())).code).toBe('sign_in_required')
    })

    it('and says no: nothing is saved, and the error says so', async () => {
      const { signIn, auth } = signInsOf(world, service)
      const error = await caught(signIn({}, { allow: false }))
      expect(error).toMatchObject({ code: 'sign_in_failed', parameters: { error: 'access_denied' } })
      expect((await caught(auth().credential())).code).toBe('sign_in_required')
    })

    it('with 50 calls at the end of the token: one renewal', async () => {
      const { there, signIn, auth } = signInsOf(world, service)
      await signIn()
      world.sandbox.clock.advance(1000 * life[id])
      const authorized = auth()
      const url = there.resources.mcp?.url as string
      const body = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
      const headers = { accept: 'application/json, text/event-stream' }
      const answers = await Promise.all(Array.from({ length: 50 }, () => send(authorized, url, body, headers)))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      expect(world.sandbox.tokens.requests(id, 'refresh_token')).toBe(1)
    })

    it('twice at once, for two accounts, each with its own', async () => {
      const { signIn, auth } = signInsOf(world, service)
      await Promise.all([signIn({ account: 'work' }), signIn({ account: 'home' })])
      const values = await Promise.all(
        ['work', 'home'].map(async (account) => (await auth(account).credential()).secret.reveal()),
      )
      expect(new Set(values).size).toBe(2)
    })

    it('and out: the session is gone at once, and revoked where the service can be told', async () => {
      const { signIn, auth, signOut } = signInsOf(world, service)
      await signIn()
      await signOut()
      expect((await caught(auth().credential())).code).toBe('sign_in_required')
      expect(world.sandbox.apps.list(id)).toHaveLength(service.id === 'pensyve' ? 0 : 1)
      await new Promise((resolve) => setImmediate(resolve))
      const revocation = service.id === 'pensyve' ? 'done' : 'none'
      expect(world.events.filter(({ type }) => type === 'signed_out')).toMatchObject([{ revocation }])
    })
  })

  it('Profundis: an account without entitlement is declined', async () => {
    const { signIn } = signInsOf(world, profundis)
    const account = world.sandbox.accounts
      .list('profundis')
      .find(({ plan, purchasedCredits }) => plan === 'free' && purchasedCredits === 0)
    const error = await caught(signIn({}, { account: account?.id as string }))
    expect(error).toMatchObject({ code: 'sign_in_failed', parameters: { error: 'access_denied' } })
    expect(error.hint).toContain('Who may')
  })

  it('Profundis: the token works for REST, too, and spends the same credits', async () => {
    const { there, signIn, auth } = signInsOf(world, profundis)
    await signIn()
    const response = await send(auth(), `${there.resources.rest?.url}/subdomains`, { domain: 'contoso.example' })
    expect([response.status, (await response.text()).split('\n').length > 1]).toEqual([200, true])
    expect(world.sandbox.usage('profundis')).toMatchObject([{ via: 'oauth' }])
  })

  it('Pensyve: a token for reading is not sent to write; the challenge of MCP leads to more', async () => {
    const { there, start, signIn, auth } = signInsOf(world, pensyve)
    expect(await signIn({ scope: 'mcp:read' })).toMatchObject({ scopes: ['mcp:read'] })
    const authorized = auth()
    expect((await send(authorized, `${there.resources.rest?.url}/recall`, { query: 'tea' })).status).toBe(200)
    const before = world.arrivals.length
    const error = await caught(send(authorized, `${there.resources.rest?.url}/remember`, { entity: 'a', fact: 'b' }))
    expect(error).toMatchObject({ code: 'insufficient_scope', parameters: { scope: 'mcp:read mcp:write' } })
    expect(world.arrivals.length).toBe(before)

    const body = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'pensyve_forget', arguments: { entity: 'a' } },
    }
    const headers = { accept: 'application/json, text/event-stream' }
    const refused = await send(authorized, there.resources.mcp?.url as string, body, headers)
    expect((await errorFrom(refused))?.code).toBe('insufficient_scope')
    const [challenge] = parseChallenge(refused.headers.get('www-authenticate'))
    expect((await start({ challenge: challenge as never })).url.searchParams.get('scope')).toBe('mcp:read mcp:write')
    await signIn({ challenge: challenge as never })
    expect((await send(auth(), `${there.resources.rest?.url}/remember`, { entity: 'a', fact: 'b' })).status).toBe(200)
  })

  it('Pensyve: the token is a JWT that anybody can check, and nobody can change', async () => {
    const { signIn, auth } = signInsOf(world, pensyve)
    const there = world.at(pensyve)
    await signIn()
    const token = (await auth().credential()).secret.reveal()
    const audience = there.resources.mcp.url
    const options = { service: there, audience, runtime: { now: () => world.sandbox.clock.now() } }
    expect(await verifyAccessToken(token, options)).toMatchObject({ scopes: ['mcp'] })
    const changed = `${token.slice(0, -6)}AAAAAA`
    expect((await caught(verifyAccessToken(changed, options))).code).toBe('token_invalid')
    world.sandbox.clock.advance(1_000_000)
    expect((await caught(verifyAccessToken(token, options))).code).toBe('token_invalid')
  })

  it.each(['strict', 'grace'] as const)('Pendium: an answer to a renewal is lost, %s', async (refreshRotation) => {
    await world.restart({ pendium: { refreshRotation } })
    const { there, signIn, auth } = signInsOf(world, pendium)
    await signIn()
    world.sandbox.clock.advance(3_600_000)
    world.sandbox.faults.add({ service: 'pendium', path: '/token', times: 1, drop: 'response' })
    const outcome = await auth()
      .fetch(there.resources.mcp?.url as string, { method: 'POST' })
      .then(
        ({ status }) => (status === 401 ? 'refused' : 'went on'),
        ({ code }) => code,
      )
    expect(outcome).toBe(refreshRotation === 'strict' ? 'sign_in_required' : 'went on')
  })
})
