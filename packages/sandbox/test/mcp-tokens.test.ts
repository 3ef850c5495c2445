import { extractWWWAuthenticateParams, InsufficientScopeError } from '@modelcontextprotocol/client'
import { describe, expect, test } from 'vitest'
import { leakMarker } from '../src/index.ts'
import { createAgents } from '../src/pendium/agents.ts'
import { createPendiumMcp } from '../src/pendium/mcp.ts'
import { createVisibility } from '../src/pendium/visibility.ts'
import { createPensyveMcp } from '../src/pensyve/mcp.ts'
import { createMemories } from '../src/pensyve/memories.ts'
import { createProfundisMcp } from '../src/profundis/mcp.ts'
import { createRateLimit } from '../src/rate-limit.ts'
import { serveAlone, standInState, standInTokens } from './mcp-stand-in.ts'
import { connect, kinds, mcpUrls, type Reached, toolCall } from './mcp-support.ts'

// The endpoints with access tokens, which a stand-in knows: see mcp-stand-in.ts.

const token = (name: string): string => `${leakMarker}-token-${name}`
const directly = (fetch: Reached['fetch']): Reached => ({
  at: (url) => new URL(url),
  fetch,
  [Symbol.asyncDispose]: async () => undefined,
})

describe.each(kinds)('%s', (kind) => {
  test('Pendium: a token is let in until it ends; the tools are those of its account', async () => {
    const state = standInState()
    const { accounts, clock } = state
    const visibility = createVisibility({ accounts, agents: createAgents(), now: clock.now })
    const tokens = new Map([
      [token('ada'), { account: 'ada', endsAt: clock.now() + 3_600_000 }],
      [token('admin'), { account: 'admin' }],
    ])
    const findCredential = standInTokens(state, 'pendium', tokens)
    const [operation] = createPendiumMcp(state, { visibility, findCredential })
    const { fetch, seen } = serveAlone(operation)

    await using ada = await connect(kind, directly(fetch), mcpUrls.pendium, token('ada'))
    expect((await ada.call('get_account')).json.agents).toMatchObject([{ syntheticId: 'northwind-coffee' }])
    expect((await ada.call('get_factsheet', { syntheticId: 'contoso-tea' })).isError).toBe(true)
    await using admin = await connect(kind, directly(fetch), mcpUrls.pendium, token('admin'))
    expect((await admin.call('get_factsheet', { syntheticId: 'contoso-tea' })).json.brandName).toBe('Contoso Tea')
    expect(seen.at(-1)?.identity).toMatchObject({
      presented: { kind: 'access-token' },
      holder: { account: { id: 'admin' } },
    })

    clock.advance(3_600_000)
    const refused = await fetch(mcpUrls.pendium, toolCall(token('ada'), 'get_account'))
    expect(refused.status).toBe(401)
    expect(seen.at(-1)?.identity).toMatchObject({ presented: { kind: 'access-token' } })
    expect(seen.at(-1)?.identity.holder).toBeUndefined()
    await expect(ada.call('get_account')).rejects.toThrow()
  })

  test('Profundis: a token spends the credits of its account, and the usage says so', async () => {
    const state = standInState()
    const tokens = new Map([[token('ada'), { account: 'ada' }]])
    const [operation] = createProfundisMcp(state, { findCredential: standInTokens(state, 'profundis', tokens) })
    const { fetch } = serveAlone(operation)
    await using client = await connect(kind, directly(fetch), mcpUrls.profundis, token('ada'))
    await using withKey = await connect(kind, directly(fetch), mcpUrls.profundis, state.keys.create('profundis').key)
    await client.call('search_subdomains', { domain: 'example.com' })
    await withKey.call('search_subdomains', { domain: 'example.com' })
    expect((await client.call('get_usage')).json.items).toMatchObject([{ via: 'oauth' }, { via: 'api_key' }])
    expect(state.accounts.get('profundis').monthlyCredits).toBe(9998)
    expect(state.usage.read('profundis').map(({ keyId }) => typeof keyId)).toEqual(['undefined', 'string'])
  })
})

describe('Pensyve', () => {
  const made = (): { readonly fetch: Reached['fetch'] & {} } => {
    const state = standInState()
    const tokens = new Map([
      [token('all'), { account: 'ada', scopes: ['mcp'] }],
      [token('both'), { account: 'ada', scopes: ['mcp:read', 'mcp:write'] }],
      [token('read'), { account: 'ada', scopes: ['mcp:read'] }],
      [token('silent'), { account: 'ada' }],
    ])
    const [operation] = createPensyveMcp(state, {
      memories: createMemories(state.clock.now),
      limit: createRateLimit(undefined, state.clock.now),
      findCredential: standInTokens(state, 'pensyve', tokens),
      metadataUrl: (request) => `${new URL(request.url).origin}/.well-known/oauth-protected-resource/mcp`,
    })
    return serveAlone(operation)
  }

  test('scopes of a token: one that is enough, two that are together, none that were named', async () => {
    const { fetch } = made()
    const remember = { entity: 'ada', fact: 'tea' }
    const statuses: Record<string, number> = {}
    for (const name of ['all', 'both', 'read', 'silent']) {
      const response = await fetch(mcpUrls.pensyve, toolCall(token(name), 'pensyve_remember', remember))
      statuses[name] = response.status
    }
    expect(statuses).toEqual({ all: 200, both: 200, read: 403, silent: 200 })
  })

  test('the client of the SDK reads the challenge of a scope, and the URL of the metadata', async () => {
    const { fetch } = made()
    const resourceMetadataUrl = new URL('https://mcp.pensyve.com/.well-known/oauth-protected-resource/mcp')
    const missing = await fetch(mcpUrls.pensyve, { method: 'POST' })
    expect(extractWWWAuthenticateParams(missing)).toEqual({ resourceMetadataUrl })
    const invalid = await fetch(mcpUrls.pensyve, toolCall('unknown', 'pensyve_status'))
    expect(extractWWWAuthenticateParams(invalid)).toMatchObject({ resourceMetadataUrl, error: 'invalid_token' })
  })

  test.each(['v2', 'v2, 2026-07-28'] as const)('%s meets the scope refusal as its own error', async (kind) => {
    const { fetch } = made()
    const resourceMetadataUrl = new URL('https://mcp.pensyve.com/.well-known/oauth-protected-resource/mcp')
    await using client = await connect(kind, directly(fetch), mcpUrls.pensyve, token('read'))
    const error: unknown = await client.call('pensyve_forget', { entity: 'ada' }).catch((reason: unknown) => reason)
    expect(InsufficientScopeError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({ requiredScope: 'mcp:write', resourceMetadataUrl })
  })
})
