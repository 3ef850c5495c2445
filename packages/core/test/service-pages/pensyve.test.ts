import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import type { Auth } from '../../src/index.ts'
import { pensyve } from '../../src/services.ts'
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

const allScopes = ['mcp', 'mcp:read', 'mcp:write'] as const
type Scope = (typeof allScopes)[number]

interface Row {
  /** As the page's table of scopes calls it. */
  readonly operation: string
  readonly path: string
  readonly scopes: readonly Scope[]
  readonly body?: (episode: string) => Record<string, unknown>
}

// The page's table of scopes. recall_grouped and entities are not in it: found paths, assumed to read and to write.
const reading = ['mcp', 'mcp:read'] as const
const writing = ['mcp', 'mcp:write'] as const
const rows: readonly Row[] = [
  { operation: 'recall', path: '/recall', scopes: reading, body: () => ({ query: 'tea' }) },
  { operation: 'recall', path: '/recall_grouped', scopes: reading, body: () => ({ query: 'tea' }) },
  { operation: 'inspect', path: '/inspect', scopes: reading, body: () => ({ entity: 'ada' }) },
  { operation: 'status', path: '/status', scopes: reading },
  { operation: 'account', path: '/account', scopes: reading },
  { operation: 'remember', path: '/remember', scopes: writing, body: () => ({ entity: 'ada', fact: 'drinks tea' }) },
  { operation: 'remember', path: '/entities', scopes: writing, body: () => ({ name: 'ada' }) },
  { operation: 'forget', path: '/forget', scopes: writing, body: () => ({ entity: 'ada' }) },
  {
    operation: 'observe',
    path: '/observe',
    scopes: writing,
    body: (episode_id) => ({ episode_id, about_entity: 'ada', content: 'likes tea' }),
  },
  { operation: 'episode_start', path: '/episodes/start', scopes: writing, body: () => ({ participants: ['ada'] }) },
  { operation: 'episode_end', path: '/episodes/end', scopes: writing, body: (episode_id) => ({ episode_id }) },
]
const matrix = rows.flatMap((row) =>
  allScopes.map((scope) => ({ ...row, scope, verdict: row.scopes.includes(scope) ? 'may' : 'may not' })),
)
const day = 24 * 60 * 60 * 1000

describe('Pensyve: the tables of its page', () => {
  it('names the variable, the prefix, the default scope and the grace period', () => {
    expect(pensyve.apiKey).toMatchObject({ prefix: 'psy_', prefixSource: 'documented', env: 'PENSYVE_API_KEY' })
    expect(pensyve.apiKey?.rotation).toEqual({ method: 'rotate', grace: 86_400 })
    expect(pensyve.scopes?.default).toBe('mcp')
  })

  it.each(allScopes)('scope %s allows what the page says', (scope) => {
    const allowed = rows.filter(({ scopes }) => scopes.includes(scope)).map(({ operation }) => operation)
    expect([...(pensyve.scopes?.operations[scope] ?? [])].sort()).toEqual([...new Set(allowed)].sort())
  })

  it('signs tokens with Ed25519, short-lived and refreshed', () => {
    expect(pensyve.oauth).toMatchObject({ tokenFormat: 'jwt', tokenSigningAlgorithm: 'EdDSA' })
    expect(pensyve.oauth?.authorizationServerMetadata).toMatch(/\/\.well-known\/oauth-authorization-server$/)
    expect(pensyve.oauth?.grants).toContain('refresh_token')
    expect(pensyve.oauth?.tokenLifetime).toBeLessThanOrEqual(3600)
  })

  it('recommends keys for automation and most MCP clients, OAuth for its plugin and extension', () => {
    const methods = Object.fromEntries(pensyve.recommendations.map(({ client, method }) => [client, method]))
    expect(methods).toEqual({
      'CI/CD': 'api-key',
      script: 'api-key',
      automation: 'api-key',
      'most MCP clients': 'api-key',
      'MCP client without OAuth discovery': 'api-key',
      'non-interactive environment': 'api-key',
      'Claude Code plugin': 'oauth',
      'VS Code extension': 'oauth',
    })
  })

  it('has rows for every operation of the definition and no other', () => {
    const tested = rows.map(({ operation, path, body }) => `${operation} ${body ? 'POST' : 'GET'} ${path}`)
    expect(operationsOf(pensyve, 'rest')).toEqual([...tested, 'health GET /health'].sort())
  })
})

describeOnBoth('Pensyve', (world) => {
  const base = () => world.at(pensyve).resources.rest.url
  const newKey = (scope?: Scope) => world.sandbox.keys.create('pensyve', { scope })
  const recall = (auth: Auth) => send(auth, `${base()}/recall`, { query: 'tea' })

  describe('the header', () => {
    it('is the one of the curl example: POST /v1/recall with JSON', async () => {
      const { key } = newKey()
      const body = { query: 'user preferences', namespace: 'my-agent' }
      const response = await send(world.auth(pensyve, key), `${base()}/recall`, body)
      expect([response.status, await response.json()]).toEqual([200, { memories: [], contradictions: [] }])
      const entry = expectOnly(world, 'authorization', key)
      expect(entry).toMatchObject({
        method: 'POST',
        url: 'https://api.pensyve.com/v1/recall',
        credential: { valid: true },
      })
      expect(world.arrivals[0]?.headers.get('content-type')).toBe('application/json')
      expect(await world.arrivals[0]?.body).toBe(JSON.stringify(body))
    })

    it.each(['rest', 'mcp'] as const)('is Authorization: Bearer on %s, for keys and for tokens', async (name) => {
      const { url } = world.at(pensyve).resources[name]
      const [{ key }, token] = [newKey(), testKey.token()]
      expectHeader(await world.auth(pensyve, key).headers(url), 'authorization', key)
      expectHeader(await world.auth(pensyve, tokenSource(token)).headers(url), 'authorization', token)
    })

    it('cannot be x-api-key', async () => {
      const asked = world.auth(pensyve, newKey().key).headers(base(), { header: 'x-api-key' })
      expect(await caught(asked)).toMatchObject({ code: 'credential_not_accepted', hint: 'It takes authorization.' })
    })

    it('is not needed for the health of the service', async () => {
      expect((await fetch(`${base()}/health`)).status).toBe(200)
    })
  })

  describe('scopes', () => {
    it.each(matrix)('a key with $scope $verdict $operation at $path', async ({ scope, scopes, path, body }) => {
      const full = world.auth(pensyve, newKey().key)
      const { episode_id } = await (await send(full, `${base()}/episodes/start`, { participants: ['ada'] })).json()
      world.sandbox.journal.clear()
      const { source, reads } = keyring(newKey(scope).key, newKey().key)
      const response = await send(world.auth(pensyve, source), `${base()}${path}`, body?.(episode_id))
      expect([reads(), world.entries().length]).toEqual([1, 1])
      expect(world.entries()[0]?.credential).toMatchObject({ header: 'authorization', valid: true })
      if (scopes.includes(scope)) return expect(response.status).toBe(200)

      const needed = scope === 'mcp:read' ? 'mcp:write' : 'mcp:read'
      expect(await refusalOf(response)).toMatchObject({
        status: 403,
        code: 'insufficient_scope',
        parameters: { scope: needed },
        hint: `Use a credential with scope "${needed}" or "mcp".`,
        link: world.at(pensyve).links.keys?.url,
        retryable: false,
      })
    })

    it('a key made without a choice has full access', async () => {
      expect(newKey().scope).toBe('mcp')
      const auth = world.auth(pensyve, newKey().key)
      await send(auth, `${base()}/remember`, { entity: 'ada', fact: 'drinks tea' })
      expect((await (await recall(auth)).json()).memories).toHaveLength(1)
    })

    it('narrow keys of one account share its data: one stores, one recalls', async () => {
      const writer = world.auth(pensyve, newKey('mcp:write').key)
      const reader = world.auth(pensyve, newKey('mcp:read').key)
      await send(writer, `${base()}/remember`, { entity: 'ada', fact: 'drinks tea' })
      expect((await (await recall(reader)).json()).memories).toMatchObject([{ content: 'drinks tea' }])
      const stranger = world.auth(pensyve, world.sandbox.keys.create('pensyve', { account: 'outsider' }).key)
      expect((await (await recall(stranger)).json()).memories).toEqual([])
    })
  })

  it('answers /v1/health without any credential', async () => {
    const response = await fetch(`${base()}/health`)
    expect([response.status, (await response.json()).status]).toEqual([200, 'ok'])
    expect(world.entries()[0]?.credential).toBeUndefined()
  })

  describe('rotation', () => {
    it.each(allScopes)('the old %s key works until 23:59:59, the new one has its scope', async (scope) => {
      await world.restart({ now: () => 1_800_000_000_000 })
      const old = newKey(scope)
      const path = scope === 'mcp:write' ? 'entities' : 'recall'
      const status = async (key: string) =>
        (await send(world.auth(pensyve, key), `${base()}/${path}`, { name: 'a', query: 'a' })).status
      const next = world.sandbox.keys.rotate('pensyve', old.id)
      expect(next.scope).toBe(scope)
      expect([await status(old.key), await status(next.key)]).toEqual([200, 200])
      world.sandbox.clock.advance(day - 1000)
      expect(await status(old.key)).toBe(200)
      world.sandbox.clock.advance(999)
      expect(await status(old.key)).toBe(200)
      world.sandbox.clock.advance(1)
      expect([await status(old.key), await status(next.key)]).toEqual([403, 200])
    })

    it('a source that is read again carries the same request over to the new key', async () => {
      const old = newKey()
      const next = world.sandbox.keys.rotate('pensyve', old.id)
      world.sandbox.clock.advance(day)
      const { source, reads } = keyring(old.key, next.key)
      expect((await recall(world.auth(pensyve, source))).status).toBe(200)
      expect(world.entries().map(({ status }) => status)).toEqual([403, 200])
      expect(world.arrivals.map(({ headers }) => headers.get('authorization') === `Bearer ${next.key}`)).toEqual([
        false,
        true,
      ])
      expect(await world.arrivals[1]?.body).toBe(await world.arrivals[0]?.body)
      expect(reads()).toBe(2)
    })
  })

  describe('refusals', () => {
    it.each([403, 401] as const)(
      'a compromised key stops at its revocation, with status %i',
      async (invalidKeyStatus) => {
        await world.restart({ pensyve: { invalidKeyStatus } })
        const { id, key } = newKey()
        world.sandbox.keys.revoke('pensyve', id)
        const { source, reads } = keyring(key)
        const error = await refusalOf(await recall(world.auth(pensyve, source)))
        expect(error).toMatchObject({ status: invalidKeyStatus, code: 'credential_refused', service: 'pensyve' })
        expect(error.message).toContain('Invalid or revoked API key')
        // As at the gateway, at most the first 8 characters of a key are shown.
        expect(error.message.includes(key.slice(0, 8)) && !error.message.includes(key.slice(0, 9))).toBe(true)
        expect([reads(), world.entries().length]).toEqual([2, 1])
        expect(error.hint).toContain('rotated more than 24 hours ago')
        expect(error.hint).toContain('Pensyve Dashboard > API Keys')
        expect(error.link).toBe(world.at(pensyve).links.keys?.url)
      },
    )

    it('a header that got lost on the way', async () => {
      const lost = await fetch(`${base()}/recall`, { method: 'POST', body: '{}' })
      world.sandbox.faults.add({ service: 'pensyve', status: lost.status, body: await lost.json() })
      const error = await refusalOf(await recall(world.auth(pensyve, newKey().key)))
      expect(error).toMatchObject({ status: 401, code: 'authentication_required' })
      expect(error.hint).toContain('PENSYVE_API_KEY')
    })

    it('too many requests, with the time to wait', async () => {
      await world.restart({ pensyve: { rateLimit: 2 } })
      const { source, reads } = keyring(newKey().key, newKey().key)
      const auth = world.auth(pensyve, source)
      expect([(await recall(auth)).status, (await recall(auth)).status]).toEqual([200, 200])
      const error = await refusalOf(await recall(auth))
      expect(error).toMatchObject({ status: 429, code: 'rate_limited', retryable: true, retryAfter: 60 })
      expect(error.hint).toContain('per key and minute')
      expect([reads(), world.entries().length]).toEqual([1, 3])
      world.sandbox.clock.advance(60_000)
      expect((await recall(auth)).status).toBe(200)
    })

    it('an unknown path is not found and not a matter of the key', async () => {
      const { source, reads } = keyring(newKey().key, newKey().key)
      const error = await refusalOf(await send(world.auth(pensyve, source), `${base()}/nothing`))
      expect(error).toMatchObject({ status: 404, code: 'not_found' })
      expect(reads()).toBe(1)
    })
  })
})
