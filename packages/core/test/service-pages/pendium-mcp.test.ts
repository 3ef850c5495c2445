import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { errorFrom, finishSignIn, parseChallenge } from '../../src/index.ts'
import { pendium } from '../../src/services.ts'
import { configuredClient, mcpClient, signInsOf, toolCall } from './people.ts'
import { describeOnBoth, refusalOf, send, tokenSource } from './world.ts'

// Pendium's MCP server: OAuth alone, from the five endpoints of its page to tools that look after whose agent it is.

const mine = 'northwind-coffee'
const foreign = 'contoso-tea'
const text = (id: string) =>
  `Agent with syntheticId=${id} not found or you don't have access. Use the get_account tool to see your agents.`

// The tools that take a syntheticId.
const onAgent: readonly (readonly [string, Record<string, unknown>])[] = [
  ['scan_visibility', {}],
  ['get_scan_status', {}],
  ['get_report', {}],
  ['query_knowledge', { query: 'coffee' }],
  ['get_factsheet', {}],
]

describeOnBoth('Pendium, MCP', (world) => {
  const mcp = () => world.at(pendium).resources.mcp.url
  const tokenOf = async (account = 'ada') =>
    tokenSource((await world.sandbox.tokens.issue('pendium', { account })).accessToken)

  describe('signing in', () => {
    it('asks the five endpoints of the page, in their order, between two calls of the server', async () => {
      const { there, signIn, auth } = signInsOf(world, pendium)
      const refused = await fetch(mcp(), { method: 'POST' })
      const [challenge] = parseChallenge(refused.headers.get('www-authenticate'))
      await signIn(challenge ? { challenge } : {})
      await using client = await mcpClient(there, auth())
      expect((await client.call('get_account')).isError).toBe(false)
      const asked = world.entries().map(({ method, url }) => `${method} ${url.split('?')[0]}`)
      // The pages behind /authorize are the server's own, and the client asks whether there is a stream.
      const named = asked.filter((call) => !call.includes('/authorize/') && call !== 'GET https://pendium.ai/mcp')
      expect([...new Set(named)]).toEqual([
        'POST https://pendium.ai/mcp',
        'GET https://pendium.ai/.well-known/oauth-protected-resource',
        'GET https://pendium.ai/.well-known/oauth-authorization-server',
        'POST https://pendium.ai/register',
        'GET https://pendium.ai/authorize',
        'POST https://pendium.ai/token',
      ])
    })

    it('the metadata names the other endpoints as the page does', async () => {
      const { origin } = new URL(mcp())
      const about = await (await fetch(`${origin}/.well-known/oauth-authorization-server`)).json()
      const { registration_endpoint, authorization_endpoint, token_endpoint } = about
      expect({ registration_endpoint, authorization_endpoint, token_endpoint }).toEqual({
        registration_endpoint: `${origin}/register`,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
      })
      const resource = await (await fetch(`${origin}/.well-known/oauth-protected-resource`)).json()
      expect(resource).toMatchObject({ resource: mcp(), authorization_servers: [origin] })
    })

    it('is PKCE: no page without a challenge, no token without its verifier', async () => {
      const { there, start, visit, store } = signInsOf(world, pendium)
      const { url } = await start()
      const bare = new URL(url)
      bare.searchParams.delete('code_challenge')
      const denied = await visit(bare)
      expect(denied.searchParams.get('error')).toBe('invalid_request')
      expect((await caught(finishSignIn(there, denied, { store }))).code).toBe('sign_in_failed')

      const other = await start()
      const { searchParams } = await visit(other.url)
      const form = {
        grant_type: 'authorization_code',
        code: searchParams.get('code') ?? '',
        redirect_uri: other.url.searchParams.get('redirect_uri') ?? '',
        client_id: other.url.searchParams.get('client_id') ?? '',
        code_verifier: testKey.token().padEnd(43, 'x'),
      }
      const refused = await fetch(`${new URL(mcp()).origin}/token`, { method: 'POST', body: new URLSearchParams(form) })
      expect([refused.status, (await refused.json()).error]).toEqual([400, 'invalid_grant'])
    })

    it('needs no key, and a key does not help', async () => {
      const { key } = world.sandbox.keys.create('pendium')
      expect(await caught(configuredClient(world.at(pendium), { authorization: `Bearer ${key}` }))).toBeDefined()
      const response = await fetch(mcp(), { method: 'POST', headers: { authorization: `Bearer ${key}` } })
      expect([response.status, await response.json()]).toEqual([
        401,
        { error: 'Invalid or expired OAuth token. Re-authenticate via OAuth.' },
      ])
    })

    it('a token that has ended is renewed; without a refresh token the 401 leads to a new sign-in', async () => {
      const auth = world.auth(pendium, await tokenOf())
      expect((await send(auth, mcp(), ...toolCall('get_account'))).status).toBe(200)
      world.sandbox.clock.advance(3_600_000)
      const response = await send(auth, mcp(), ...toolCall('get_account'))
      const [challenge] = parseChallenge(response.headers.get('www-authenticate'))
      expect(await refusalOf(response)).toMatchObject({
        code: 'credential_refused',
        hint: 'The sign-in has ended or was revoked. Sign in again.',
        link: 'https://pendium.ai/docs/authentication',
      })
      const { signIn, auth: signedIn, there } = signInsOf(world, pendium)
      await signIn(challenge ? { challenge } : {})
      await using client = await mcpClient(there, signedIn())
      expect((await client.call('get_account')).json.agents).toHaveLength(1)
    })
  })

  describe('an agent belongs to a user', () => {
    it('get_account lists the agents with their ids and latest scores', async () => {
      await using client = await mcpClient(world.at(pendium), world.auth(pendium, await tokenOf()))
      await client.call('scan_visibility', { syntheticId: mine })
      world.sandbox.clock.advance(60_000)
      expect((await client.call('get_account')).json.agents).toMatchObject([
        { syntheticId: mine, latestScore: expect.any(Number) },
      ])
    })

    it.each(onAgent)('%s answers the owner and an admin', async (name, args) => {
      for (const account of ['ada', 'admin']) {
        await using client = await mcpClient(world.at(pendium), world.auth(pendium, await tokenOf(account)))
        expect((await client.call(name, { ...args, syntheticId: mine })).isError).toBe(false)
      }
    })

    it.each(onAgent)(
      "%s on another's agent is a tool error with the page's text, and nobody signs in again",
      async (name, args) => {
        const { there, signIn, auth } = signInsOf(world, pendium)
        await signIn()
        await using client = await mcpClient(there, auth())
        const before = world.sandbox.tokens.requests('pendium')
        for (const id of [foreign, 'no.such-one']) {
          const { isError, text: said } = await client.call(name, { ...args, syntheticId: id })
          expect([isError, said]).toEqual([true, text(id)])
        }
        expect(world.sandbox.tokens.requests('pendium')).toBe(before)
        expect((await client.call(name, { ...args, syntheticId: mine })).isError).toBe(false)
      },
    )

    it.each(onAgent)(
      '%s, with the heading of the page by the letter: a 401 that costs no token',
      async (name, args) => {
        await world.restart({ pendium: { agentRefusalOnMcp: 'http-401' } })
        const { signIn, auth } = signInsOf(world, pendium)
        await signIn()
        const before = world.entries().length
        const response = await send(auth(), mcp(), ...toolCall(name, { ...args, syntheticId: foreign }))
        expect(await response.clone().json()).toEqual({ error: text(foreign) })
        expect(parseChallenge(response.headers.get('www-authenticate'))[0]?.parameters.resource_metadata).toMatch(
          /\/\.well-known\/oauth-protected-resource$/,
        )
        expect(await refusalOf(response)).toMatchObject({
          status: 401,
          code: 'agent_not_accessible',
          parameters: { syntheticId: foreign },
          wayOut: 'get_account',
        })
        expect(world.entries().slice(before)).toMatchObject([
          { operation: 'mcp', status: 401, credential: { valid: true } },
        ])
        expect((await send(auth(), mcp(), ...toolCall(name, { ...args, syntheticId: mine }))).status).toBe(200)
      },
    )
  })

  describe('other refusals of tools', () => {
    it.each([
      ['a read-only account', { readOnly: true }, 'This account is read-only. (READ_ONLY)'],
      ['an account without credits', { creditBalance: 0 }, expect.stringContaining('credits')],
    ] as const)('%s starts no scan, in the result', async (_, changes, said) => {
      world.sandbox.accounts.update('pendium', 'ada', changes)
      await using client = await mcpClient(world.at(pendium), world.auth(pendium, await tokenOf()))
      expect(await client.call('scan_visibility', { syntheticId: mine })).toMatchObject({ isError: true, text: said })
      expect(await client.call('get_report', { syntheticId: mine })).toMatchObject({ isError: false })
    })

    it('send_feedback is taken ten times an hour', async () => {
      await using client = await mcpClient(world.at(pendium), world.auth(pendium, await tokenOf()))
      const give = () => client.call('send_feedback', { category: 'praise', summary: 'fine' })
      for (let count = 0; count < 10; count++) expect((await give()).isError).toBe(false)
      expect((await give()).isError).toBe(true)
    })
  })

  it('an old sign-in ends with a new one, as a newer page says, and the refusal speaks of that', async () => {
    await world.restart({ pendium: { lastLoginWins: true } })
    const first = signInsOf(world, pendium)
    await first.signIn()
    await signInsOf(world, pendium).signIn()
    const response = await send(first.auth(), mcp(), ...toolCall('get_account'))
    expect(await errorFrom(response)).toMatchObject({ status: 401, code: 'credential_refused' })
    expect((await caught(first.auth().credential())).code).toBe('sign_in_required')
  })
})
