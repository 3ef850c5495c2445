import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { createSecret } from '../src/credential.ts'
import { apiKey, type CredentialSource, pendra, pensyve } from '../src/index.ts'
import { recorded } from './support/auth.ts'

const base = 'https://api.pensyve.com/v1'

function tokenWith(scopes: readonly string[] | undefined): CredentialSource {
  const secret = createSecret(testKey.token())
  const token = { kind: 'access-token', source: 'test', secret, ...(scopes ? { scopes } : {}) } as const
  return { name: 'test', kind: 'access-token', get: () => token }
}

describe('an operation that the token’s scope does not allow', () => {
  it.each([
    ['mcp:read', '/remember', 'mcp:write'],
    ['mcp:write', '/recall', 'mcp:read'],
    ['mcp:read', '/forget', 'mcp:write'],
  ])('with %s, %s is not sent, and %s is named', async (scope, path, needed) => {
    const { auth, sent } = recorded(pensyve, tokenWith([scope]))
    const error = await caught(auth.fetch(`${base}${path}?x=1`, { method: 'post', body: '{}' }))
    expect(error).toMatchObject({
      code: 'insufficient_scope',
      parameters: { scope: `${scope} ${needed}` },
      retryable: false,
    })
    expect(error.hint).toContain(needed)
    expect(sent).toEqual([])
  })

  it.each([
    ['allowed', ['mcp:read'], '/recall', 'POST'],
    ['allowed by one of several', ['mcp:read', 'mcp:write'], '/remember', 'POST'],
    ['allowed by the default', ['mcp'], '/forget', 'POST'],
    ['unknown', ['mcp:read'], '/something-new', 'POST'],
    ['of a method that is not documented', ['mcp:read'], '/remember', 'PUT'],
    ['under a scope that nobody knows', ['mcp:read', 'admin'], '/remember', 'POST'],
    ['without any scope', [], '/remember', 'POST'],
    ['of a token whose scopes are not known', undefined, '/remember', 'POST'],
  ])('%s is sent', async (_name, scopes, path, method) => {
    const { auth, sent } = recorded(pensyve, tokenWith(scopes))
    await auth.fetch(`${base}${path}`, { method })
    expect(sent).toHaveLength(1)
  })

  it('is none of keys, or of services without scopes', async () => {
    const key = recorded(pensyve, apiKey(testKey.pensyve()))
    await key.auth.fetch(`${base}/remember`, { method: 'POST' })
    const other = recorded(pendra, apiKey(testKey.pendra()))
    await other.auth.fetch('https://api.pendra.ai/api/v1/models')
    expect([key.sent.length, other.sent.length]).toEqual([1, 1])
  })
})
