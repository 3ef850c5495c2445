import { extractWWWAuthenticateParams, InsufficientScopeError } from '@modelcontextprotocol/client'
import { describe, expect, test } from 'vitest'
import { createSandbox, type Sandbox } from '../src/index.ts'
import { listen } from '../src/server.ts'
import { connect, kinds, mcpUrls, type Reached, toolCall } from './mcp-support.ts'

// The endpoints with access tokens of the authorization servers.

const inProcess = (sandbox: Sandbox): Reached => ({
  at: (url) => new URL(url),
  fetch: sandbox.fetch,
  [Symbol.asyncDispose]: async () => undefined,
})
const pensyveToken = async (sandbox: Sandbox, ...scopes: string[]): Promise<string> =>
  (await sandbox.tokens.issue('pensyve', { scopes })).accessToken

describe.each(kinds)('%s', (kind) => {
  test('Pendium: a token is let in until it ends; the tools are those of its account', async () => {
    const sandbox = createSandbox()
    const at = inProcess(sandbox)
    const { accessToken } = await sandbox.tokens.issue('pendium', { account: 'ada' })
    await using ada = await connect(kind, at, mcpUrls.pendium, accessToken)
    expect((await ada.call('get_account')).json.agents).toMatchObject([{ syntheticId: 'northwind-coffee' }])
    expect((await ada.call('get_factsheet', { syntheticId: 'contoso-tea' })).isError).toBe(true)
    const other = await sandbox.tokens.issue('pendium', { account: 'admin' })
    await using admin = await connect(kind, at, mcpUrls.pendium, other.accessToken)
    expect((await admin.call('get_factsheet', { syntheticId: 'contoso-tea' })).json.brandName).toBe('Contoso Tea')
    expect(sandbox.journal.entries.at(-1)).toMatchObject({
      operation: 'mcp',
      credential: { kind: 'access-token', valid: true },
    })

    sandbox.clock.advance(3_600_000)
    const refused = await sandbox.fetch(mcpUrls.pendium, toolCall(accessToken, 'get_account'))
    expect(refused.status).toBe(401)
    expect(sandbox.journal.entries.at(-1)).toMatchObject({ credential: { kind: 'access-token', valid: false } })
    await expect(ada.call('get_account')).rejects.toThrow()
  })

  test('Profundis: a token spends the credits of its account, and the usage says so', async () => {
    const sandbox = createSandbox()
    const at = inProcess(sandbox)
    const { accessToken, clientId } = await sandbox.tokens.issue('profundis')
    await using client = await connect(kind, at, mcpUrls.profundis, accessToken)
    await using withKey = await connect(kind, at, mcpUrls.profundis, sandbox.keys.create('profundis').key)
    await client.call('search_subdomains', { domain: 'example.com' })
    await withKey.call('search_subdomains', { domain: 'example.com' })
    expect((await client.call('get_usage')).json.items).toMatchObject([{ via: 'oauth' }, { via: 'api_key' }])
    expect(sandbox.accounts.get('profundis').monthlyCredits).toBe(9998)
    expect(sandbox.usage('profundis')).toMatchObject([{ clientId }, { keyId: expect.any(String) }])
  })

  test('a revoked app is refused at once', async () => {
    const sandbox = createSandbox()
    const { accessToken } = await sandbox.tokens.issue('profundis')
    await using client = await connect(kind, inProcess(sandbox), mcpUrls.profundis, accessToken)
    expect((await client.call('whoami')).json).toMatchObject({ entitled: true })
    for (const { id } of sandbox.apps.list('profundis')) sandbox.apps.revoke('profundis', id)
    await expect(client.call('whoami')).rejects.toThrow()
  })
})

describe('Pensyve', () => {
  test('scopes of a token: one that is enough, two that are together, one that is not', async () => {
    const sandbox = createSandbox()
    const remember = { entity: 'ada', fact: 'tea' }
    const statusWith = async (...scopes: string[]) => {
      const token = await pensyveToken(sandbox, ...scopes)
      return (await sandbox.fetch(mcpUrls.pensyve, toolCall(token, 'pensyve_remember', remember))).status
    }
    expect(await statusWith('mcp')).toBe(200)
    expect(await statusWith('mcp:read', 'mcp:write')).toBe(200)
    expect(await statusWith('mcp:read')).toBe(403)
  })

  test('the client of the SDK reads the challenges, and the URL of the metadata', async () => {
    const sandbox = createSandbox()
    const resourceMetadataUrl = new URL('https://mcp.pensyve.com/.well-known/oauth-protected-resource')
    const missing = await sandbox.fetch(mcpUrls.pensyve, { method: 'POST' })
    expect(extractWWWAuthenticateParams(missing)).toEqual({ resourceMetadataUrl })
    const invalid = await sandbox.fetch(mcpUrls.pensyve, toolCall('unknown', 'pensyve_status'))
    expect(extractWWWAuthenticateParams(invalid)).toMatchObject({ resourceMetadataUrl, error: 'invalid_token' })
  })

  test.each(['v2', 'v2, 2026-07-28'] as const)('%s meets the scope refusal as its own error', async (kind) => {
    const sandbox = createSandbox()
    const token = await pensyveToken(sandbox, 'mcp:read')
    await using client = await connect(kind, inProcess(sandbox), mcpUrls.pensyve, token)
    const error: unknown = await client.call('pensyve_forget', { entity: 'ada' }).catch((reason: unknown) => reason)
    expect(InsufficientScopeError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({ requiredScope: 'mcp:write' })
  })
})

test.each(['pendium', 'pensyve', 'profundis'] as const)(
  '%s over HTTP: the challenge leads to the metadata, and the metadata to a sign-in',
  async (service) => {
    const sandbox = createSandbox()
    const server = await listen(sandbox)
    try {
      const { origin, pathname } = new URL(mcpUrls[service])
      const url = new URL(pathname, server.origins[origin])
      const refused = await fetch(url, { method: 'POST' })
      const { resourceMetadataUrl } = extractWWWAuthenticateParams(refused)
      expect(resourceMetadataUrl?.origin).toBe(url.origin)
      const metadata = await (await fetch(resourceMetadataUrl as URL)).json()
      expect(new URL(metadata.resource).href).toBe(url.href)
      const [issuer] = metadata.authorization_servers
      const described = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()
      expect(described).toMatchObject({ issuer, code_challenge_methods_supported: ['S256'] })
    } finally {
      await server.close()
    }
  },
)
