import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import type { Auth } from '../../src/index.ts'
import { profundis } from '../../src/services.ts'
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

describe('Profundis: the tables of its page', () => {
  it('recommends OAuth to assistants and keys to scripts and headless clients', () => {
    const methods = Object.fromEntries(profundis.recommendations.map(({ client, method }) => [client, method]))
    expect(methods).toEqual({
      'Claude.ai': 'oauth',
      'Claude Desktop': 'oauth',
      ChatGPT: 'oauth',
      'Claude Code': 'oauth',
      'Claude Code, headless or CI': 'api-key',
      'other MCP client with OAuth': 'oauth',
      'other MCP client': 'api-key',
      script: 'api-key',
    })
  })

  it('has one key per account, renewed without grace, and the MCP server of the page', () => {
    expect(profundis.apiKey).toMatchObject({ perAccount: 1, rotation: { method: 'renew', grace: 0 } })
    expect(profundis.resources.mcp.url).toBe('https://mcp.profundis.io')
    expect(profundis.oauth?.grants).toEqual(['authorization_code', 'refresh_token'])
    expect(operationsOf(profundis, 'rest')).toEqual(['subdomains POST /subdomains'])
  })

  it('says who can connect, and where connected apps are revoked', () => {
    expect(profundis.access).toMatch(
      /Professional or Enterprise.*Free account that has purchased credits.*neither a key nor MCP/,
    )
    expect(profundis.links.connectedApps?.where).toContain('account profile')
  })
})

describeOnBoth('Profundis', (world) => {
  const url = () => `${world.at(profundis).resources.rest.url}/subdomains`
  const keyOf = (account = 'ada') => world.sandbox.keys.create('profundis', { account })
  const lookUp = (auth: Auth, headers?: Record<string, string>) => send(auth, url(), { domain: 'example.com' }, headers)

  describe('the header', () => {
    it('is x-api-key on REST, with the stream asked for', async () => {
      const { key } = keyOf()
      const response = await lookUp(world.auth(profundis, key))
      expect(response.status).toBe(200)
      expect((await response.text()).trim().split('\n')).toContain('api.example.com')
      expect(expectOnly(world, 'x-api-key', key).credential).toMatchObject({ kind: 'api-key', valid: true })
      expect(world.arrivals[0]?.headers.get('accept')).toBe('text/event-stream')
    })

    it("is the only one, and the caller's own accept stays", async () => {
      const { key } = keyOf()
      const own = { accept: 'text/plain', authorization: `Bearer ${testKey.token()}` }
      expect((await lookUp(world.auth(profundis, key), own)).status).toBe(200)
      expectOnly(world, 'x-api-key', key)
      expect(world.arrivals[0]?.headers.get('accept')).toBe('text/plain')
    })

    it('works where REST takes x-api-key alone', async () => {
      await world.restart({ profundis: { acceptBearer: false } })
      expect((await lookUp(world.auth(profundis, keyOf().key))).status).toBe(200)
    })

    it('is one Authorization: Bearer on MCP, for keys and for tokens', async () => {
      const mcp = world.at(profundis).resources.mcp.url
      const [{ key }, token] = [keyOf(), testKey.token()]
      for (const address of [mcp, `${mcp}/`]) {
        expectHeader(await world.auth(profundis, key).headers(address), 'authorization', key)
        expectHeader(await world.auth(profundis, tokenSource(token)).headers(address), 'authorization', token)
      }
      const asked = world.auth(profundis, key).headers(mcp, { header: 'x-api-key' })
      expect(await caught(asked)).toMatchObject({ code: 'credential_not_accepted' })
    })

    it('is Authorization: Bearer for tokens on REST too', async () => {
      const token = testKey.token()
      await lookUp(world.auth(profundis, tokenSource(token)))
      expectOnly(world, 'authorization', token)
    })
  })

  describe('who can connect', () => {
    it.each([
      ['professional', { plan: 'professional' }],
      ['enterprise', { plan: 'enterprise' }],
      ['free, with purchased credits', { plan: 'free', purchasedCredits: 5 }],
    ] as const)('%s: yes', async (_, changes) => {
      world.sandbox.accounts.update('profundis', 'ada', changes)
      expect((await lookUp(world.auth(profundis, keyOf().key))).status).toBe(200)
    })

    it('free, with monthly credits only: not even a key', () => {
      expect(() => keyOf('free')).toThrow(/cannot have an API key/)
    })

    it.each(['ada', 'credited'])('%s: not any more, once the entitlement is lost', async (account) => {
      const { source, reads } = keyring(keyOf(account).key, testKey.profundis())
      const auth = world.auth(profundis, source)
      expect((await lookUp(auth)).status).toBe(200)
      const lost = { plan: 'free', purchasedCredits: 0, hasPurchasedCredits: false } as const
      world.sandbox.accounts.update('profundis', account, lost)
      const error = await refusalOf(await lookUp(auth))
      expect(error).toMatchObject({ status: 403, code: 'not_entitled', service: 'profundis', retryable: false })
      expect(error.hint).toContain('paid plan (Professional or Enterprise), or a Free account with purchased credits')
      expect(error.hint).toContain('See your Profundis account profile')
      expect(error.link).toBe('https://docs.profundis.io/mcp/authentication')
      // The key is good, so nobody was asked for another.
      expect([reads(), world.entries().length]).toEqual([1, 2])
      expect(world.entries().at(-1)?.credential?.valid).toBe(true)
    })
  })

  describe('credits', () => {
    it('are charged to the account behind the key, once a look-up', async () => {
      const auth = world.auth(profundis, keyOf().key)
      await lookUp(auth)
      await lookUp(auth)
      expect(world.sandbox.usage('profundis', { account: 'ada' })).toHaveLength(2)
      expect(world.sandbox.accounts.get('profundis').monthlyCredits).toBe(9_998)
    })

    it('are charged alike in either header', async () => {
      const { key } = keyOf()
      await lookUp(world.auth(profundis, key))
      await lookUp(world.auth(profundis, tokenSource(key)))
      expect(world.entries().map(({ credential }) => credential?.header)).toEqual(['x-api-key', 'authorization'])
      expect(world.sandbox.usage('profundis').map(({ account, credits }) => [account, credits])).toEqual([
        ['ada', 1],
        ['ada', 1],
      ])
    })

    it('that are used up are no matter of the key', async () => {
      world.sandbox.accounts.update('profundis', 'ada', { monthlyCredits: 1 })
      const { source, reads } = keyring(keyOf().key, testKey.profundis())
      const auth = world.auth(profundis, source)
      expect((await lookUp(auth)).status).toBe(200)
      const error = await refusalOf(await lookUp(auth))
      expect(error).toMatchObject({ status: 402, code: 'insufficient_credits', retryable: false })
      expect(error.hint).toContain('out of credits')
      expect([reads(), world.entries().length]).toEqual([1, 2])
      world.sandbox.accounts.update('profundis', 'ada', { purchasedCredits: 5 })
      expect((await lookUp(auth)).status).toBe(200)
    })
  })

  describe('the one key of an account', () => {
    it('is not made twice', () => {
      keyOf()
      expect(() => keyOf()).toThrow(/already has its one API key/)
    })

    it('stops at once when it is renewed, and the refusal says to look for who did it', async () => {
      const { key } = keyOf()
      const auth = world.auth(profundis, key)
      expect((await lookUp(auth)).status).toBe(200)
      const next = world.sandbox.keys.renew('profundis')
      const error = await refusalOf(await lookUp(auth))
      expect(error).toMatchObject({ status: 401, code: 'credential_refused', service: 'profundis' })
      expect(error.hint).toContain('Renewing a key invalidates the previous one')
      expect(error.hint).toContain('account profile (one key per account, shown once)')
      expect(world.entries()).toHaveLength(2)
      expect((await lookUp(world.auth(profundis, next.key))).status).toBe(200)
    })

    it('is carried over by a source that is read again', async () => {
      const { key } = keyOf()
      const { source } = keyring(key, world.sandbox.keys.renew('profundis').key)
      expect((await lookUp(world.auth(profundis, source))).status).toBe(200)
      expect(world.entries().map(({ status }) => status)).toEqual([401, 200])
      expect(world.events.filter(({ type }) => type === 'request_resent')).toHaveLength(1)
    })

    it.each(['a token that was revoked', 'a key that leaked'])('%s is refused in the same way', async (what) => {
      const { id, key } = keyOf()
      world.sandbox.keys.revoke('profundis', id)
      const credential = what.startsWith('a key') ? key : tokenSource(testKey.token())
      const error = await refusalOf(await lookUp(world.auth(profundis, credential)))
      expect(error).toMatchObject({ status: 401, code: 'credential_refused' })
      expect(error.message).toContain(what.startsWith('a key') ? 'the API key' : 'the access token')
      expect(world.entries()).toHaveLength(1)
    })
  })
})
