import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { parseChallenge } from '../../src/index.ts'
import { profundis } from '../../src/services.ts'
import { configuredClient, mcpClient, signInsOf, toolCall } from './people.ts'
import { describeOnBoth, expectHeader, refusalOf, send } from './world.ts'

// Profundis' MCP server: one Bearer credential, whichever way it was got; who may connect; whose credits are spent.

const lost = { plan: 'free', purchasedCredits: 0, hasPurchasedCredits: false } as const
const entitlement = 'A paid plan or purchased credits are required.'

describeOnBoth('Profundis, MCP', (world) => {
  const mcp = () => world.at(profundis).resources.mcp.url
  const keyOf = (account = 'ada') => world.sandbox.keys.create('profundis', { account })

  describe('a key', () => {
    it('as the bearer token of a script or a headless client', async () => {
      const { key } = keyOf()
      await using client = await configuredClient(world.at(profundis), { authorization: `Bearer ${key}` })
      expect((await client.call('whoami')).json.entitled).toBe(true)
      await using ours = await mcpClient(world.at(profundis), world.auth(profundis, key))
      expect((await ours.call('search_subdomains', { domain: 'example.com' })).json.count).toBeGreaterThan(0)
      for (const { headers } of world.arrivals) expectHeader(headers, 'authorization', key)
      expect(world.entries().every(({ url }) => new URL(url).origin === 'https://mcp.profundis.io')).toBe(true)
    })

    it('that is renewed ends the previous one at once, and no sign-in', async () => {
      const { key } = keyOf()
      const { signIn, auth } = signInsOf(world, profundis)
      await signIn()
      const next = world.sandbox.keys.renew('profundis')
      const response = await send(world.auth(profundis, key), mcp(), ...toolCall('whoami'))
      expect(parseChallenge(response.headers.get('www-authenticate'))[0]?.parameters.error).toBe('invalid_token')
      const error = await refusalOf(response)
      expect(error).toMatchObject({ status: 401, code: 'credential_refused' })
      expect(error.message).toContain('The credential is invalid or has been renewed.')
      expect(error.hint).toContain('Renewing a key invalidates the previous one')
      expect((await send(world.auth(profundis, next.key), mcp(), ...toolCall('whoami'))).status).toBe(200)
      expect((await send(auth(), mcp(), ...toolCall('whoami'))).status).toBe(200)
    })
  })

  describe('a sign-in', () => {
    it('goes by the metadata to a server of its own, signs in with Google there, and asks for consent', async () => {
      const { there, start, visit, signIn, auth } = signInsOf(world, profundis)
      const refused = await fetch(mcp(), { method: 'POST' })
      const [challenge] = parseChallenge(refused.headers.get('www-authenticate'))
      const described = await (await fetch(challenge?.parameters.resource_metadata ?? '')).json()
      const [server] = described.authorization_servers
      expect(new URL(server).origin).not.toBe(new URL(mcp()).origin)
      const { url } = await start(challenge ? { challenge } : {})
      expect(url.origin).toBe(new URL(server).origin)
      const page = world.transport === 'msw' ? await world.sandbox.fetch(url) : await fetch(url)
      expect(await page.text()).toContain('Google')
      expect((await visit(url)).searchParams.get('code')).toBeTruthy()
      await signIn()
      await using client = await mcpClient(there, auth())
      expect((await client.call('whoami')).json.entitled).toBe(true)
      const asked = new Set(world.entries().map(({ method, url }) => `${method} ${url.split('?')[0]}`))
      for (const call of [
        'GET https://mcp.profundis.io/.well-known/oauth-protected-resource',
        'GET https://auth.profundis.io/.well-known/oauth-authorization-server',
        'POST https://auth.profundis.io/register',
        'GET https://auth.profundis.io/authorize',
        'POST https://auth.profundis.io/token',
      ])
        expect(asked).toContain(call)
    })

    it('that is revoked in the profile: its tokens are refused at once, the key of the account is not', async () => {
      const { there, signIn, auth } = signInsOf(world, profundis)
      await signIn()
      await using client = await mcpClient(there, auth())
      expect((await client.call('whoami')).json.entitled).toBe(true)
      const [app] = world.sandbox.apps.list('profundis')
      world.sandbox.apps.revoke('profundis', app?.id ?? '')
      expect(await caught(client.call('whoami'))).toBeDefined()
      expect((await caught(auth().credential())).code).toBe('sign_in_required')
      expect((await send(world.auth(profundis, keyOf().key), mcp(), ...toolCall('whoami'))).status).toBe(200)
    })

    it.each([
      ['professional', { plan: 'professional' }, true],
      ['enterprise', { plan: 'enterprise' }, true],
      ['free, with purchased credits', { plan: 'free', purchasedCredits: 5 }, true],
      ['free, with monthly credits only', lost, false],
    ] as const)('%s may connect: $2', async (_, changes, may) => {
      world.sandbox.accounts.update('profundis', 'ada', changes)
      const { signIn, auth } = signInsOf(world, profundis)
      if (may) {
        await signIn()
        return expect((await send(auth(), mcp(), ...toolCall('whoami'))).status).toBe(200)
      }
      const error = await caught(signIn())
      expect(error).toMatchObject({ code: 'sign_in_failed', parameters: { error: 'access_denied' } })
      expect((await caught(auth().credential())).code).toBe('sign_in_required')
    })
  })

  describe.each(['a key', 'a sign-in'] as const)('with %s', (way) => {
    const authOf = async () => {
      if (way === 'a key') return world.auth(profundis, keyOf().key)
      const { signIn, auth } = signInsOf(world, profundis)
      await signIn()
      return auth()
    }

    it('the entitlement is lost: 403 that no other credential would open, until it is back', async () => {
      const auth = await authOf()
      world.sandbox.accounts.update('profundis', 'ada', lost)
      const before = world.sandbox.tokens.requests('profundis')
      const response = await send(auth, mcp(), ...toolCall('whoami'))
      expect(response.headers.has('www-authenticate')).toBe(false)
      expect(await response.clone().json()).toEqual({ error: 'not_entitled', error_description: entitlement })
      const error = await refusalOf(response)
      expect(error).toMatchObject({ status: 403, code: 'not_entitled', service: 'profundis', retryable: false })
      expect(error.hint).toContain('paid plan (Professional or Enterprise), or a Free account with purchased credits')
      expect(world.sandbox.tokens.requests('profundis')).toBe(before)
      world.sandbox.accounts.update('profundis', 'ada', { plan: 'professional' })
      expect((await send(auth, mcp(), ...toolCall('whoami'))).status).toBe(200)
    })

    it('look-ups are charged to the account, the rest is free, and what is used up is a tool error', async () => {
      world.sandbox.accounts.update('profundis', 'ada', { monthlyCredits: 3 })
      await using client = await mcpClient(world.at(profundis), await authOf())
      const lookUps = [
        ['search_subdomains', { domain: 'example.com' }],
        ['search_hosts', { query: 'example.com' }],
        ['search_dns', { domain: 'example.com' }],
      ] as const
      for (const [name, args] of lookUps) expect((await client.call(name, args)).json.credits.charged).toBe(1)
      for (const name of ['get_credits', 'get_usage', 'whoami']) expect((await client.call(name)).isError).toBe(false)
      const via = way === 'a key' ? 'api_key' : 'oauth'
      expect((await client.call('get_usage')).json.items).toMatchObject(
        lookUps.map(([tool]) => ({ tool, credits: 1, via })),
      )
      expect((await client.call('get_credits')).json.remaining).toBe(0)
      for (const [name, args] of lookUps)
        expect(await client.call(name, args)).toMatchObject({ isError: true, text: 'Not enough credits.' })
      expect(world.sandbox.usage('profundis', { account: 'ada' })).toHaveLength(3)
      expect(world.entries('mcp').filter(({ status }) => status === 401 || status === 403)).toEqual([])
    })
  })

  it('a key that is nobody’s is refused with the way to the profile', async () => {
    const error = await refusalOf(await send(world.auth(profundis, testKey.profundis()), mcp(), ...toolCall('whoami')))
    expect(error).toMatchObject({ status: 401, code: 'credential_refused' })
    expect(error.hint).toContain('your Profundis account profile (one key per account, shown once)')
  })
})
