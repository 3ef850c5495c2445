import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { type Auth, errorFrom, parseChallenge } from '../../src/index.ts'
import { verifyAccessToken } from '../../src/jwt.ts'
import { pensyve } from '../../src/services.ts'
import { configuredClient, type McpClient, mcpClient, signInsOf, toolCall } from './people.ts'
import { describeOnBoth, expectHeader, keyring, refusalOf, send } from './world.ts'

// Pensyve's MCP server, with a key and with a sign-in, under the scopes of the page's table.

const allScopes = ['mcp', 'mcp:read', 'mcp:write'] as const
type Scope = (typeof allScopes)[number]
const reading: readonly Scope[] = ['mcp', 'mcp:read']
const writing: readonly Scope[] = ['mcp', 'mcp:write']

const tools: readonly { readonly name: string; readonly scopes: readonly Scope[]; readonly args: object }[] = [
  { name: 'recall', scopes: reading, args: { query: 'tea' } },
  { name: 'inspect', scopes: reading, args: { entity: 'ada' } },
  { name: 'status', scopes: reading, args: {} },
  { name: 'account', scopes: reading, args: {} },
  { name: 'remember', scopes: writing, args: { entity: 'ada', fact: 'drinks tea', confidence: 1 } },
  { name: 'forget', scopes: writing, args: { entity: 'ada' } },
  { name: 'observe', scopes: writing, args: { content: 'tea', source_entity: 'ada', about_entity: 'ada' } },
  { name: 'episode_start', scopes: writing, args: { participants: ['ada'] } },
  { name: 'episode_end', scopes: writing, args: { outcome: 'success' } },
]
const day = 24 * 60 * 60 * 1000

describeOnBoth('Pensyve, MCP', (world) => {
  const there = () => world.at(pensyve)
  const mcp = () => there().resources.mcp.url
  const newKey = (scope?: Scope) => world.sandbox.keys.create('pensyve', { scope })

  describe('a key', () => {
    it('in the headers block of a client, as the page has it', async () => {
      const { key } = newKey()
      const headers = await world.auth(pensyve, key).headers(mcp())
      expect(Object.keys(headers)).toEqual(['authorization'])
      await using client = await configuredClient(there(), headers)
      expect(await client.tools()).toEqual(expect.arrayContaining(tools.map(({ name }) => `pensyve_${name}`)))
      expect((await client.call('pensyve_status')).json.health).toBe('ok')
      for (const arrival of world.arrivals) expectHeader(arrival.headers, 'authorization', key)
      expect(new Set(world.entries().map(({ url }) => url))).toEqual(new Set(['https://mcp.pensyve.com/mcp']))
    })

    it('rotated: the old one works for 24 hours more, at the same tools', async () => {
      await world.restart({ now: () => 1_800_000_000_000 })
      const old = newKey('mcp:read')
      const next = world.sandbox.keys.rotate('pensyve', old.id)
      const status = async (key: string) =>
        (await send(world.auth(pensyve, key), mcp(), ...toolCall('pensyve_status'))).status
      world.sandbox.clock.advance(day - 1)
      expect([await status(old.key), await status(next.key)]).toEqual([200, 200])
      world.sandbox.clock.advance(1)
      expect([await status(old.key), await status(next.key)]).toEqual([401, 200])
    })

    it('that is revoked stops at once, and a source that is read again goes on', async () => {
      const [old, next] = [newKey(), newKey()]
      const { source } = keyring(old.key, next.key)
      await using client = await mcpClient(there(), world.auth(pensyve, source))
      world.sandbox.keys.revoke('pensyve', old.id)
      expect((await client.call('pensyve_status')).json.health).toBe('ok')
      expect(world.entries().map(({ status }) => status)).toContain(401)
      world.sandbox.keys.revoke('pensyve', next.id)
      const error = await refusalOf(await send(world.auth(pensyve, next.key), mcp(), ...toolCall('pensyve_status')))
      expect(error.message).toContain('401 "Invalid or revoked API key"')
      expect(error.hint).toContain('rotated more than 24 hours ago')
    })
  })

  describe.each(allScopes)('scope %s', (scope) => {
    /** Calls one tool after the other; what it came to, and the refusal where it was one. */
    async function tryAll(auth: Auth, client: McpClient) {
      await using full = await mcpClient(there(), world.auth(pensyve, newKey().key))
      const episode = async () =>
        (await full.call('pensyve_episode_start', { participants: ['ada'] })).json.episode_id as string
      const outcomes: Record<string, unknown> = {}
      for (const { name, args } of tools) {
        const given = async () => ({ ...args, ...(/observe|end/.test(name) ? { episode_id: await episode() } : {}) })
        const response = await send(auth, mcp(), ...toolCall(`pensyve_${name}`, await given()))
        const error = await errorFrom(response)
        outcomes[name] = error ? [error.code, error.parameters?.scope, error.status] : 'ok'
        const challenge = parseChallenge(response.headers.get('www-authenticate'))[0]?.parameters
        if (error) expect(challenge).toMatchObject({ error: 'insufficient_scope', scope: error.parameters?.scope })
        // The official client sees the same.
        const called = await client.call(`pensyve_${name}`, await given()).then(
          ({ isError }) => !isError,
          () => false,
        )
        expect([name, called]).toEqual([name, !error])
      }
      return outcomes
    }
    const expected = Object.fromEntries(
      tools.map(({ name, scopes }) => [
        name,
        scopes.includes(scope) ? 'ok' : ['insufficient_scope', scopes === reading ? 'mcp:read' : 'mcp:write', 403],
      ]),
    )

    it('of a key allows the tools of the page, and the others are 403 with the scope to have', async () => {
      const auth = world.auth(pensyve, newKey(scope).key)
      await using client = await mcpClient(there(), auth)
      expect(await tryAll(auth, client)).toEqual(expected)
      // A credential that lacks a scope is good: nobody was asked for another.
      expect(world.entries().filter(({ status }) => status === 401)).toHaveLength(0)
    })

    it('of a sign-in allows the same, and no refresh is spent on a refusal', async () => {
      const { signIn, auth } = signInsOf(world, pensyve)
      expect(await signIn({ scope })).toMatchObject({ scopes: [scope] })
      await using client = await mcpClient(there(), auth())
      expect(await tryAll(auth(), client)).toEqual(expected)
      expect(world.sandbox.tokens.requests('pensyve', 'refresh_token')).toBe(0)
    })
  })

  it('a refusal for want of scope as a tool error, and a list without what is out of scope', async () => {
    await world.restart({ pensyve: { scopeRefusalOnMcp: 'tool-error', hideToolsOutOfScope: true } })
    await using client = await mcpClient(there(), world.auth(pensyve, newKey('mcp:read').key))
    const allowed = tools.filter(({ scopes }) => scopes.includes('mcp:read')).map(({ name }) => `pensyve_${name}`)
    expect((await client.tools()).sort()).toEqual(allowed.sort())
    expect(await client.call('pensyve_forget', { entity: 'ada' })).toMatchObject({
      isError: true,
      text: "This API key's scope does not allow this operation.",
    })
  })

  describe('a sign-in', () => {
    it('begins at the documented path, has a consent page, and ends with a token signed with Ed25519', async () => {
      const { start, visit, signIn, auth } = signInsOf(world, pensyve)
      const { url } = await start()
      const page = world.transport === 'msw' ? await world.sandbox.fetch(url) : await fetch(url)
      expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')])
      expect((await visit(url)).searchParams.get('code')).toBeTruthy()
      await signIn()
      const token = (await auth().credential()).secret.reveal()
      expect(JSON.parse(atob(token.split('.')[0] ?? ''))).toMatchObject({ alg: 'EdDSA' })
      const options = { service: there(), audience: mcp(), runtime: { now: () => world.sandbox.clock.now() } }
      expect(await verifyAccessToken(token, options)).toMatchObject({ scopes: ['mcp'] })
      const asked = world.entries().map(({ method, url }) => `${method} ${url.split('?')[0]}`)
      expect(asked).toEqual(
        expect.arrayContaining([
          'GET https://mcp.pensyve.com/.well-known/oauth-authorization-server',
          'POST https://mcp.pensyve.com/oauth/register',
          'GET https://pensyve.com/oauth/authorize',
          'POST https://mcp.pensyve.com/oauth/token',
        ]),
      )
    })

    it('the gateway checks the token at every request: one that was changed is refused on both surfaces', async () => {
      const { signIn, auth } = signInsOf(world, pensyve)
      await signIn()
      const token = (await auth().credential()).secret.reveal()
      const [header, payload = '', signature] = token.split('.')
      const other = btoa(atob(payload).replace('"ada"', '"eve"')).replaceAll('=', '')
      const changed = { headers: { authorization: `Bearer ${header}.${other}.${signature}` }, method: 'POST' }
      const good = { headers: { authorization: `Bearer ${token}` } }
      for (const address of [mcp(), `${there().resources.rest.url}/status`]) {
        const response = await fetch(address, address === mcp() ? changed : { headers: changed.headers })
        expect([response.status, (await response.json()).message]).toEqual([401, 'Invalid or revoked API key'])
      }
      expect((await fetch(`${there().resources.rest.url}/status`, good)).status).toBe(200)
    })

    it('is short-lived and renewed by itself, in the middle of a session of the client', async () => {
      const { signIn, auth } = signInsOf(world, pensyve)
      const { expiresAt = 0 } = await signIn()
      expect(expiresAt - world.sandbox.clock.now()).toBeLessThanOrEqual(3_600_000)
      await using client = await mcpClient(there(), auth())
      for (let round = 1; round <= 3; round++) {
        world.sandbox.clock.advance(900_000)
        expect((await client.call('pensyve_status')).json.health).toBe('ok')
        expect(world.sandbox.tokens.requests('pensyve', 'refresh_token')).toBe(round)
      }
      // The client's own question for a stream may be on its way while the clock is moved.
      const calls = world.entries('mcp').filter(({ method }) => method === 'POST')
      expect(calls.filter(({ status }) => status === 401)).toEqual([])
    })

    it('and a key have the same data', async () => {
      const { signIn, auth } = signInsOf(world, pensyve)
      await signIn()
      await using byToken = await mcpClient(there(), auth())
      await using byKey = await mcpClient(there(), world.auth(pensyve, newKey().key))
      await byKey.call('pensyve_remember', { entity: 'ada', fact: 'drinks tea', confidence: 1 })
      expect((await byToken.call('pensyve_recall', { query: 'tea' })).text).toContain('drinks tea')
      const rest = await send(auth(), `${there().resources.rest.url}/recall`, { query: 'tea' })
      expect((await rest.json()).memories).toHaveLength(1)
    })

    it('asks for more when it is refused, keeps what it had, and asks in vain only once', async () => {
      const { signIn, start, auth } = signInsOf(world, pensyve)
      await signIn({ scope: 'mcp:read' })
      const refused = await send(auth(), mcp(), ...toolCall('pensyve_forget', { entity: 'ada' }))
      expect((await refusalOf(refused)).hint).toBe('Sign in again with scope "mcp:read mcp:write" or "mcp".')
      const [challenge] = parseChallenge(refused.headers.get('www-authenticate'))
      const more = challenge ? { challenge } : {}
      expect(await signIn(more)).toMatchObject({ scopes: ['mcp:read', 'mcp:write'] })
      for (const name of ['pensyve_status', 'pensyve_forget'])
        expect((await send(auth(), mcp(), ...toolCall(name, { entity: 'ada' }))).status).toBe(200)
      expect((await caught(start(more))).code).toBe('insufficient_scope')
    })
  })

  it('too many requests on MCP, with the time to wait, and no other key is asked for', async () => {
    await world.restart({ pensyve: { rateLimit: 1 } })
    const { source, reads } = keyring(newKey().key, newKey().key)
    const auth = world.auth(pensyve, source)
    expect((await send(auth, mcp(), ...toolCall('pensyve_status'))).status).toBe(200)
    const error = await refusalOf(await send(auth, mcp(), ...toolCall('pensyve_status')))
    expect(error).toMatchObject({ status: 429, code: 'rate_limited', retryAfter: 60 })
    expect(error.message).toContain('Too many requests. Please retry later.')
    expect(reads()).toBe(1)
  })
})
