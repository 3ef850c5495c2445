import { testKey } from '@pentauth/tooling/canary'
import { expect, it, vi } from 'vitest'
import { withDefaults } from '../../src/runtime.ts'
import { pensyve } from '../../src/services.ts'
import { requestToken } from '../../src/token-request.ts'

// A page may not be able to load what judges an unusual answer.
vi.mock('../../src/part.ts', async (original) => {
  const { part } = await original<typeof import('../../src/part.ts')>()
  return { part: () => part(Promise.reject(new TypeError('Failed to fetch dynamically imported module'))) }
})

const ask = (answer: object, status = 200) =>
  requestToken({
    service: pensyve,
    runtime: withDefaults(undefined),
    emit: undefined,
    server: { issuer: 'https://mcp.pensyve.com', token_endpoint: 'https://mcp.pensyve.com/oauth/token' },
    client: { clientId: 'page', authMethod: 'none' },
    grant: {
      request: async () => Response.json(answer, { status }),
      secrets: [],
    },
    source: 'sign-in',
  })

it('tokens are kept also where their scopes cannot be looked at, and a refusal is trouble that passes', async () => {
  const access_token = testKey.token('access')
  const refresh_token = testKey.token('refresh')
  const found = await ask({ access_token, refresh_token, token_type: 'Bearer', scope: 'documents.of:others_2' })
  expect(found.accessToken.secret.reveal()).toBe(access_token)
  expect(found.refreshToken?.reveal()).toBe(refresh_token)
  expect(found.accessToken.scopes).toBeUndefined()
  await expect(ask({ error: 'invalid_grant' }, 400)).rejects.toMatchObject({
    code: 'temporarily_unavailable',
    retryable: true,
  })
})
