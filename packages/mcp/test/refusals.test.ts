import { apiKey, clientCredentials, pendium, pensyve, pentographer, profundis, type Service } from '@pentauth/core'
import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { pentauthErrorIn, type SignInWanted } from '../src/index.ts'
import { connect, connectStock, type OfficialClient } from './support/clients.ts'
import { type Kind, kinds } from './support/official.ts'
import { signInBy } from './support/sign-in.ts'
import { stockProvider } from './support/stock.ts'
import { documentedWorld, type World } from './support/world.ts'

// What the services document for their MCP endpoints, at the documented addresses, as the official clients' callers get it.

const tool = (client: OfficialClient, name: string, args: Record<string, unknown> = {}) =>
  client.callTool({ name, arguments: args })
const failure = async (work: Promise<unknown>) => pentauthErrorIn(await caught(work))
const signIn = (world: World<string>, options = {}) =>
  signInBy(world.service, { ...world.shared, ...options }, world.sandbox)

/** Counts what somebody would have been asked for. */
function asked(): { readonly wanted: SignInWanted[]; signIn(wanted: SignInWanted): Promise<never> } {
  const wanted: SignInWanted[] = []
  return {
    wanted,
    async signIn(one) {
      wanted.push(one)
      throw one.reason
    },
  }
}

describe.each(kinds)('%s', (kind) => {
  describe('Pendium', () => {
    const foreign = 'contoso-tea'
    const said = `Agent with syntheticId=${foreign} not found or you don't have access. Use the get_account tool to see your agents.`
    const signedIn = async (options = {}) => {
      const world = documentedWorld(pendium, { pendium: options })
      await signIn(world)
      const { wanted, ...way } = asked()
      return { world, wanted, client: await connect(kind, world.auth(), way) }
    }

    it('refuses a key before anything is sent', async () => {
      const world = documentedWorld(pendium)
      const { key } = world.sandbox.keys.create('pendium')
      expect(await failure(connect(kind, world.auth(apiKey(key))))).toMatchObject({ code: 'credential_not_accepted' })
      expect(world.requests(/./)).toBe(0)
    })

    it('a sign-in that was ended: the text of the page, once, and a way out', async () => {
      const { world, wanted, client } = await signedIn()
      world.sandbox.tokens.revokeAccessTokens('pendium')
      const [app] = world.sandbox.apps.list('pendium')
      world.sandbox.apps.revoke('pendium', app?.id ?? '')
      const error = await failure(client.listTools())
      expect(error?.code).toBe('credential_refused')
      expect(error?.message).toContain('"Invalid or expired OAuth token. Re-authenticate via OAuth."')
      expect(wanted).toHaveLength(1)
    })

    it("another's agent is the tool's error, and nobody signs in", async () => {
      const { wanted, client } = await signedIn()
      const answer = await tool(client, 'get_report', { syntheticId: foreign })
      expect(answer).toMatchObject({ isError: true, content: [{ text: said }] })
      expect(wanted).toEqual([])
    })

    it("another's agent by 401, as the page's heading has it: renews nothing and signs nobody in", async () => {
      const { world, wanted, client } = await signedIn({ agentRefusalOnMcp: 'http-401' })
      const before = world.sandbox.tokens.requests('pendium')
      const error = await failure(tool(client, 'get_report', { syntheticId: foreign }))
      expect(error).toMatchObject({
        code: 'agent_not_accessible',
        status: 401,
        parameters: { syntheticId: foreign },
        wayOut: 'get_account',
      })
      expect(error?.message).toContain(said)
      expect([wanted, world.sandbox.tokens.requests('pendium') - before]).toEqual([[], 0])
      expect(await tool(client, 'get_account')).not.toMatchObject({ isError: true })
    })

    if (kind === 'v1' || kind === 'v2')
      it('the twin: the SDK renews a token for it, and fails', async () => {
        const world = documentedWorld(pendium, { pendium: { agentRefusalOnMcp: 'http-401' } })
        const { accessToken, refreshToken, clientId } = await world.sandbox.tokens.issue('pendium')
        const provider = stockProvider({
          client: { client_id: clientId },
          tokens: { access_token: accessToken, refresh_token: refreshToken },
        })
        const client = await connectStock(kind, world.service.resources.mcp.url, { authProvider: provider })
        await caught(tool(client, 'get_report', { syntheticId: foreign }))
        expect(world.sandbox.tokens.requests('pendium', 'refresh_token')).toBeGreaterThan(0)
      })
  })

  describe('Pensyve', () => {
    it.each([401, 403] as const)('a revoked key by %s: the text, the page of keys, no sign-in', async (status) => {
      const world = documentedWorld(pensyve, { pensyve: { invalidMcpCredentialStatus: status } })
      const { key, id } = world.sandbox.keys.create('pensyve')
      const { wanted, ...way } = asked()
      const client = await connect(kind, world.auth(apiKey(key)), way)
      world.sandbox.keys.revoke('pensyve', id)
      const error = await failure(client.listTools())
      expect(error).toMatchObject({ code: 'credential_refused', status, link: 'https://pensyve.com' })
      expect(error?.message).toContain('"Invalid or revoked API key"')
      expect([wanted, world.requests(/well-known|oauth/)]).toEqual([[], 0])
    })

    it('a scope that is missing: what to sign in for', async () => {
      const world = documentedWorld(pensyve)
      await signIn(world, { scope: 'mcp:read' })
      const client = await connect(kind, world.auth())
      const error = await failure(tool(client, 'pensyve_forget', { entity: 'ada' }))
      expect(error).toMatchObject({ code: 'insufficient_scope', status: 403 })
      expect(error?.hint).toBe('Sign in again with scope "mcp:read mcp:write" or "mcp".')
    })

    it('too many requests: when to try again', async () => {
      const world = documentedWorld(pensyve)
      const client = await connect(kind, world.auth(apiKey(world.sandbox.keys.create('pensyve').key)))
      const body = { error: 'rate_limited', message: 'Too many requests. Please retry later.' }
      world.sandbox.faults.add({
        service: 'pensyve',
        method: 'POST',
        status: 429,
        headers: { 'retry-after': '60' },
        body,
      })
      const error = await failure(client.listTools())
      expect(error).toMatchObject({ code: 'rate_limited', status: 429, retryAfter: 60, retryable: true })
      expect(error?.message).toContain('Too many requests. Please retry later.')
    })
  })

  describe('Profundis', () => {
    it('a key that somebody renewed', async () => {
      const world = documentedWorld(profundis)
      const { key } = world.sandbox.keys.create('profundis')
      const client = await connect(kind, world.auth(apiKey(key)))
      world.sandbox.keys.renew('profundis')
      const error = await failure(client.listTools())
      expect(error).toMatchObject({ code: 'credential_refused', status: 401 })
      expect(error?.message).toContain('The credential is invalid or has been renewed.')
      expect(error?.hint).toContain('Renewing a key invalidates the previous one')
    })

    it('an account without a paid plan: no other credential would help, so nobody signs in', async () => {
      const world = documentedWorld(profundis)
      await signIn(world)
      const { wanted, ...way } = asked()
      const client = await connect(kind, world.auth(), way)
      const lost = { plan: 'free', purchasedCredits: 0, hasPurchasedCredits: false } as const
      world.sandbox.accounts.update('profundis', 'ada', lost)
      const error = await failure(client.listTools())
      expect(error).toMatchObject({ code: 'not_entitled', status: 403, service: 'profundis' })
      expect(error?.message).toContain('A paid plan or purchased credits are required.')
      expect(wanted).toEqual([])
    })
  })

  describe('Pentographer', () => {
    it.each(['a key', 'a client'])('%s that was revoked: 401 Unauthorized, and where to make another', async (way) => {
      const world = documentedWorld(pentographer)
      const { id, key } = world.sandbox.keys.create('pentographer')
      const made = world.sandbox.clients.create('pentographer')
      const auth = world.auth(way === 'a key' ? apiKey(key) : clientCredentials(made))
      const client = await connect(kind, auth)
      if (way === 'a key') world.sandbox.keys.revoke('pentographer', id)
      else world.sandbox.clients.delete(made.clientId)
      const { wanted, ...wish } = asked()
      const error = await failure(client.listTools())
      expect(error).toMatchObject({ code: 'credential_refused', status: 401 })
      expect(error?.message).toContain('"Unauthorized"')
      const { keys, clients } = world.service.links
      expect(error?.hint).toContain(way === 'a key' ? keys?.where : clients?.where)
      // Here nobody can sign in, whatever the program offers.
      expect(await failure(connect(kind, auth, wish))).toMatchObject({ code: 'credential_refused' })
      expect(wanted).toEqual([])
    })
  })

  it.each<[string, Service]>([
    ['pensyve', pensyve],
    ['profundis', profundis],
    ['pentographer', pentographer],
  ])('%s: a key of unknown make is refused with the service named', async (_, service) => {
    const world = documentedWorld(service)
    const key = testKey[service.id as 'pensyve']()
    const error = await failure(connect(kind as Kind, world.auth(apiKey(key))))
    expect(error).toMatchObject({ code: 'credential_refused', service: service.id })
    expect(error?.message).toContain(service.name)
  })
})
