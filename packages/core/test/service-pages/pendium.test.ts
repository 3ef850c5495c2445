import { facts } from '@pentauth/sandbox'
import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { apiKey, errorFrom, firstOf, parseChallenge } from '../../src/index.ts'
import { pendium } from '../../src/services.ts'
import {
  describeOnBoth,
  expectHeader,
  expectOnly,
  keyring,
  operationsOf,
  refusalOf,
  send,
  tokenSource,
} from './world.ts'

const agent = 'northwind-coffee'
const ofAgent = `syntheticId=${agent}`

interface Row {
  readonly name: string
  readonly path: string
  readonly query?: string
  readonly body?: Record<string, unknown>
}

// Every operation of the REST documentation; those on an agent are checked for ownership.
const onAgent: readonly Row[] = [
  { name: 'scan_visibility', path: '/scan', body: { syntheticId: agent } },
  { name: 'get_scan_status', path: '/scan', query: ofAgent },
  { name: 'get_report', path: '/report', query: ofAgent },
  { name: 'list_topics', path: '/topics', query: ofAgent },
  { name: 'create_topics', path: '/topics', body: { syntheticId: agent, topics: ['speed'] } },
  { name: 'list_personas', path: '/personas', query: ofAgent },
  { name: 'create_personas', path: '/personas', body: { syntheticId: agent, personas: ['a buyer'] } },
]
const onAccount: readonly Row[] = [
  { name: 'get_account', path: '/account' },
  { name: 'lookup_brand_score', path: '/score', query: 'brand=Northwind' },
  { name: 'create_ai_visibility_report', path: '/ai-visibility-report', body: { url: 'https://northwind.example' } },
]
const rows = [...onAgent, ...onAccount]
const urlOf = (base: string, { path, query }: Row) => `${base}${path}${query ? `?${query}` : ''}`

describe('Pendium: the tables of its page', () => {
  it.each([
    ['protectedResourceMetadata', 'https://pendium.ai/.well-known/oauth-protected-resource'],
    ['authorizationServerMetadata', 'https://pendium.ai/.well-known/oauth-authorization-server'],
    ['registrationEndpoint', 'https://pendium.ai/register'],
    ['authorizationEndpoint', 'https://pendium.ai/authorize'],
    ['tokenEndpoint', 'https://pendium.ai/token'],
  ] as const)('%s is %s', (name, url) => expect(pendium.oauth?.[name]).toBe(url))

  it('signs MCP clients in by OAuth and gives keys to everything else', () => {
    const methods = Object.fromEntries(pendium.recommendations.map(({ client, method }) => [client, method]))
    expect(methods).toEqual({
      'MCP client': 'oauth',
      'REST API': 'api-key',
      'custom integration': 'api-key',
      script: 'api-key',
      'no-code tool': 'api-key',
    })
  })

  it('has rows for every operation of the definition and no other', () => {
    const tested = rows.map(({ name, path, body }) => `${name} ${body ? 'POST' : 'GET'} ${path}`)
    expect(operationsOf(pendium, 'rest')).toEqual(
      [...tested, 'get_ai_visibility_report GET /ai-visibility-report'].sort(),
    )
  })
})

describeOnBoth('Pendium', (world) => {
  const base = () => world.at(pendium).resources.rest.url
  const keyOf = (account = 'ada') => world.sandbox.keys.create('pendium', { account })

  describe('REST takes the key in x-api-key', () => {
    it.each(rows)('$name', async (row) => {
      const { key } = keyOf()
      const response = await send(world.auth(pendium, key), urlOf(base(), row), row.body)
      expect(response.status).toBe(200)
      expect(await errorFrom(response)).toBeUndefined()
      expect(expectOnly(world, 'x-api-key', key).credential).toMatchObject({ kind: 'api-key', valid: true })
    })

    it('get_ai_visibility_report, with the uuid of a report', async () => {
      const auth = world.auth(pendium, keyOf().key)
      const url = `${base()}/ai-visibility-report`
      const { uuid } = await (await send(auth, url, { url: 'https://northwind.example' })).json()
      world.sandbox.clock.advance(60_000)
      expect(await (await send(auth, `${url}?uuid=${uuid}`)).json()).toMatchObject({ uuid, status: 'completed' })
    })

    it('whatever credential headers the caller put there', async () => {
      const { key } = keyOf()
      const own = { authorization: `Bearer ${testKey.pendra()}`, 'X-API-Key': testKey.pendium('own'), 'x-trace': '7' }
      await send(world.auth(pendium, key), `${base()}/account`, undefined, own)
      expect(expectOnly(world, 'x-api-key', key).headers).toContain('x-trace')
    })

    it('and refuses access tokens before anything is sent', async () => {
      const auth = world.auth(pendium, tokenSource(testKey.token()))
      const error = await caught(send(auth, `${base()}/account`))
      expect(error).toMatchObject({ code: 'credential_not_accepted', hint: 'It takes an API key.' })
      expect(world.entries()).toHaveLength(0)
    })

    it('answers the score look-up without any credential', async () => {
      const response = await fetch(`${base()}/score?brand=Northwind`)
      expect([response.status, (await response.json()).brand]).toEqual([200, 'Northwind'])
      expect(world.entries()[0]?.credential).toBeUndefined()
    })
  })

  describe('MCP takes access tokens only', () => {
    const mcp = () => world.at(pendium).resources.mcp.url

    it('as Authorization: Bearer', async () => {
      const token = testKey.token()
      expectHeader(await world.auth(pendium, tokenSource(token)).headers(mcp()), 'authorization', token)
    })

    it('and refuses API keys before anything is sent', async () => {
      const error = await caught(world.auth(pendium, keyOf().key).fetch(mcp()))
      expect(error).toMatchObject({ code: 'credential_not_accepted', hint: 'It takes an access token (OAuth).' })
      expect(world.entries()).toHaveLength(0)
    })

    it('so a chain of both gives each surface its own', async () => {
      const [{ key }, token] = [keyOf(), testKey.token()]
      const auth = world.auth(pendium, firstOf(apiKey(key), tokenSource(token)))
      expectHeader(await auth.headers(`${base()}/account`), 'x-api-key', key)
      expectHeader(await auth.headers(mcp()), 'authorization', token)
    })

    it.each([
      ['missingCredential', 'authentication_required'],
      ['invalidCredential', 'credential_refused'],
    ] as const)('and its 401 has a challenge and the text of %s', async (name, code) => {
      const { status, body } = facts.pendium.errors[name] ?? { status: 0, body: {} }
      const headers = { 'www-authenticate': 'Bearer resource_metadata="https://pendium.ai/metadata"' }
      world.sandbox.faults.add({ service: 'pendium', path: '/mcp', status, body, headers })
      const token = testKey.token()
      const response = await world.auth(pendium, tokenSource(token)).fetch(mcp(), { method: 'POST' })
      expect(parseChallenge(response.headers.get('www-authenticate') ?? '')[0]?.scheme.toLowerCase()).toBe('bearer')
      expect(await refusalOf(response)).toMatchObject({ status: 401, code })
      expectHeader(world.arrivals[0]?.headers ?? {}, 'authorization', token)
      expect(world.entries()).toHaveLength(1)
    })
  })

  describe('an agent belongs to a user', () => {
    const text = (id: string) =>
      `Agent with syntheticId=${id} not found or you don't have access. Use the get_account tool to see your agents.`

    it.each(onAgent)("$name on another user's agent is a 401 that is not about the key", async (row) => {
      const { source, reads } = keyring(keyOf('outsider').key, keyOf('ada').key)
      const auth = world.auth(pendium, source)
      const response = await send(auth, urlOf(base(), row), row.body)
      const readable = response.clone()
      expect(await refusalOf(response)).toMatchObject({
        status: 401,
        code: 'agent_not_accessible',
        parameters: { syntheticId: agent },
        retryable: false,
        hint: expect.stringContaining('get_account'),
        link: 'https://pendium.ai/docs/authentication',
      })
      expect((await readable.json()).error).toBe(text(agent))
      // Nobody was asked for another key, and the one in use goes on working.
      expect([reads(), world.entries().length]).toEqual([1, 1])
      expect(expectOnly(world, 'x-api-key').credential?.valid).toBe(true)
      expect((await send(auth, `${base()}/account`)).status).toBe(200)
    })

    it.each(onAgent)('$name by an admin reaches any agent', async (row) => {
      expect((await send(world.auth(pendium, keyOf('admin').key), urlOf(base(), row), row.body)).status).toBe(200)
    })

    it.each([401, 403, 404] as const)('the refusal is recognised with status %i', async (agentRefusalStatus) => {
      await world.restart({ pendium: { agentRefusalStatus } })
      const response = await send(world.auth(pendium, keyOf().key), `${base()}/report?syntheticId=no.such-one`)
      const error = await refusalOf(response)
      expect(error).toMatchObject({ status: agentRefusalStatus, code: 'agent_not_accessible' })
      expect(error.parameters).toEqual({ syntheticId: 'no.such-one' })
      expect(world.entries()).toHaveLength(1)
    })

    it('get_account lists the agents of the account with ids and latest scores', async () => {
      const auth = world.auth(pendium, keyOf().key)
      await send(auth, `${base()}/scan`, { syntheticId: agent })
      world.sandbox.clock.advance(60_000)
      const { agents } = await (await send(auth, `${base()}/account`)).json()
      expect(agents).toMatchObject([{ syntheticId: agent, latestScore: expect.any(Number) }])
      const all = await (await send(world.auth(pendium, keyOf('admin').key), `${base()}/account`)).json()
      expect(all.agents).toHaveLength(2)
    })
  })

  describe('refusals', () => {
    it.each(['page', 'older-page'] as const)('a revoked key, in the texts of the %s', async (refusalTexts) => {
      await world.restart({ pendium: { refusalTexts } })
      const { id, key } = keyOf()
      world.sandbox.keys.revoke('pendium', id)
      const { source, reads } = keyring(key)
      const error = await refusalOf(await send(world.auth(pendium, source), `${base()}/account`))
      expect(error).toMatchObject({ status: 401, code: 'credential_refused', service: 'pendium' })
      expect(error.hint).toContain('API key is not valid')
      expect(error.hint).toContain('Pendium dashboard > your avatar > API Keys')
      expect(error.link).toBe(world.at(pendium).links.keys?.url)
      expect(expectOnly(world, 'x-api-key').credential?.valid).toBe(false)
      expect(reads()).toBe(2)
    })

    it.each(['page', 'older-page'] as const)(
      'a key that got lost on the way, in the texts of the %s',
      async (refusalTexts) => {
        await world.restart({ pendium: { refusalTexts } })
        const body = await (await fetch(`${base()}/account`)).json()
        world.sandbox.faults.add({ service: 'pendium', status: 401, body })
        const error = await refusalOf(await send(world.auth(pendium, keyOf().key), `${base()}/account`))
        expect(error).toMatchObject({
          status: 401,
          code: 'authentication_required',
          link: world.at(pendium).links.keys?.url,
        })
        expect(error.hint).toContain('x-api-key')
      },
    )

    it.each([
      ['a read-only account', { readOnly: true }, 403, 'read_only_account', 'can read'],
      ['an account without credits', { creditBalance: 0 }, 402, 'insufficient_credits', 'credits'],
    ] as const)('%s starts no scan', async (_, changes, status, code, hint) => {
      const { source, reads } = keyring(keyOf().key, keyOf().key)
      world.sandbox.accounts.update('pendium', 'ada', changes)
      const auth = world.auth(pendium, source)
      const error = await refusalOf(await send(auth, `${base()}/scan`, { syntheticId: agent }))
      expect(error).toMatchObject({ status, code, hint: expect.stringContaining(hint) })
      expect([reads(), world.entries().length]).toEqual([1, 1])
      expect((await send(auth, `${base()}/report?${ofAgent}`)).status).toBe(200)
    })
  })
})
