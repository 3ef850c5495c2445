import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { createSandbox, type Sandbox, type SignInService } from '../src/index.ts'
import { bearer, call, codeOf, probe } from './call.ts'
import { appAt, postForm, refresh, servers, signedIn, signInServices } from './support/app.ts'

const remember = (sandbox: Sandbox, token: string) =>
  call(sandbox, 'https://api.pensyve.com/v1/remember', bearer(token), { entity: 'ada', fact: 'drinks tea' })
const recall = (sandbox: Sandbox, token: string) =>
  call(sandbox, 'https://api.pensyve.com/v1/recall', bearer(token), { query: 'tea' })
const lookUp = (sandbox: Sandbox, headers: Record<string, string>) =>
  call(sandbox, 'https://api.profundis.io/api/v2/common/data/subdomains', headers, { domain: 'example.com' })

describe('Pensyve takes an access token', () => {
  test('of a sign-in, for the same data as a key', async () => {
    const sandbox = createSandbox()
    const { json } = await signedIn(sandbox, 'pensyve', appAt(sandbox, 'pensyve'))
    expect((await remember(sandbox, json.access_token)).status).toBe(200)
    expect((await recall(sandbox, sandbox.keys.create('pensyve').key)).json.memories).toHaveLength(1)
    expect(sandbox.journal.entries.at(-2)?.credential).toMatchObject({ kind: 'access-token', valid: true })
  })

  test('as far as its scope goes', async () => {
    const sandbox = createSandbox()
    const { accessToken } = await sandbox.tokens.issue('pensyve', { scopes: ['mcp:read'] })
    expect((await recall(sandbox, accessToken)).status).toBe(200)
    const { status, headers } = await remember(sandbox, accessToken)
    expect([status, headers.get('www-authenticate')]).toEqual([
      403,
      'Bearer error="insufficient_scope", scope="mcp:write"',
    ])
    const both = await sandbox.tokens.issue('pensyve', { scopes: ['mcp:read', 'mcp:write'] })
    expect((await remember(sandbox, both.accessToken)).status).toBe(200)
    expect((await recall(sandbox, both.accessToken)).status).toBe(200)
  })

  test('until it has expired, and then says where to sign in', async () => {
    const sandbox = createSandbox({ now: () => 0 })
    const { accessToken, expiresAt } = await sandbox.tokens.issue('pensyve')
    sandbox.clock.set(expiresAt - 1000)
    expect((await recall(sandbox, accessToken)).status).toBe(200)
    sandbox.clock.set(expiresAt)
    const { status, json, headers } = await recall(sandbox, accessToken)
    expect([status, json]).toEqual([401, { error: 'unauthorized', message: 'Invalid or revoked API key' }])
    expect(headers.get('www-authenticate')).toBe(
      'Bearer resource_metadata="https://mcp.pensyve.com/.well-known/oauth-protected-resource", error="invalid_token"',
    )
  })

  test('which is refused as a key is, where that is switched on', async () => {
    const sandbox = createSandbox({ pensyve: { invalidTokenStatus: 403 } })
    const { accessToken } = await sandbox.tokens.issue('pensyve')
    sandbox.tokens.expire('pensyve')
    const { status, json } = await recall(sandbox, accessToken)
    expect([status, json.error]).toEqual([403, 'forbidden'])
  })

  test('that it signed itself, for its own MCP URL', async () => {
    const sandbox = createSandbox()
    const another = await sandbox.tokens.issue('pensyve', { resource: 'https://elsewhere.example/mcp' })
    expect((await recall(sandbox, another.accessToken)).status).toBe(401)
    const { accessToken } = await sandbox.tokens.issue('pensyve')
    expect((await recall(createSandbox(), accessToken)).status).toBe(401)
    const [header, payload] = accessToken.split('.')
    expect((await recall(sandbox, `${header}.${payload}.`)).status).toBe(401)
    const forged = await new SignJWT({ scope: 'mcp' }).setProtectedHeader({ alg: 'HS256' }).sign(new Uint8Array(32))
    expect((await recall(sandbox, forged)).status).toBe(401)
  })

  test('and counts it against the rate limit', async () => {
    const sandbox = createSandbox({ pensyve: { rateLimit: 1 } })
    const { accessToken } = await sandbox.tokens.issue('pensyve')
    expect((await recall(sandbox, accessToken)).status).toBe(200)
    expect((await recall(sandbox, accessToken)).status).toBe(429)
  })

  test('and a refresh token is none', async () => {
    const sandbox = createSandbox()
    const { refreshToken } = await sandbox.tokens.issue('pensyve')
    expect((await recall(sandbox, refreshToken)).status).toBe(403)
  })
})

describe('Profundis takes an access token', () => {
  test('as Bearer alone, and charges the account behind it', async () => {
    const sandbox = createSandbox()
    const clientId = appAt(sandbox, 'profundis')
    const { json } = await signedIn(sandbox, 'profundis', clientId, { account: 'credited' })
    expect((await lookUp(sandbox, bearer(json.access_token))).status).toBe(200)
    expect((await lookUp(sandbox, { 'x-api-key': json.access_token })).status).toBe(401)
    expect(sandbox.accounts.get('profundis', 'credited').monthlyCredits).toBe(49)
    const [record] = sandbox.usage('profundis')
    expect(record).toMatchObject({ account: 'credited', clientId })
    expect(record).not.toHaveProperty('keyId')
  })

  test('until it has expired, and then says where to sign in', async () => {
    const sandbox = createSandbox()
    const { accessToken } = await sandbox.tokens.issue('profundis')
    sandbox.clock.advance(3600_000)
    const { status, json, headers } = await lookUp(sandbox, bearer(accessToken))
    expect([status, json.error]).toEqual([401, 'invalid_token'])
    const metadata = 'https://mcp.profundis.io/.well-known/oauth-protected-resource'
    expect(headers.get('www-authenticate')).toBe(`Bearer resource_metadata="${metadata}", error="invalid_token"`)
    expect((await lookUp(sandbox, {})).headers.get('www-authenticate')).toBe(`Bearer resource_metadata="${metadata}"`)
  })

  test('of an account that is entitled', async () => {
    const sandbox = createSandbox()
    const { accessToken } = await sandbox.tokens.issue('profundis')
    sandbox.accounts.update('profundis', 'ada', { plan: 'free' })
    expect((await lookUp(sandbox, bearer(accessToken))).status).toBe(403)
  })

  test('and renewing the key leaves it alone', async () => {
    const sandbox = createSandbox()
    const { accessToken } = await sandbox.tokens.issue('profundis')
    sandbox.keys.renew('profundis')
    sandbox.keys.renew('profundis')
    expect((await lookUp(sandbox, bearer(accessToken))).status).toBe(200)
  })
})

test('Pendium takes none on REST: the page says API key', async () => {
  const sandbox = createSandbox()
  const { accessToken } = await sandbox.tokens.issue('pendium')
  expect(await probe(sandbox, 'pendium', accessToken)).toBe(401)
  const url = 'https://pendium.ai/api/visibility/account'
  expect((await call(sandbox, url, bearer(accessToken))).json.error).toBe('Authentication required. Connect via OAuth.')
})

describe('revocation (RFC 7009)', () => {
  const revoke = (sandbox: Sandbox, form: Record<string, string>) =>
    postForm(sandbox, 'https://mcp.pensyve.com/oauth/revoke', form)

  test.each(['accessToken', 'refreshToken'] as const)('by %s ends both at once', async (which) => {
    const sandbox = createSandbox()
    const tokens = await sandbox.tokens.issue('pensyve')
    const { status } = await revoke(sandbox, { token: tokens[which], client_id: tokens.clientId })
    expect(status).toBe(200)
    expect((await recall(sandbox, tokens.accessToken)).status).toBe(401)
    const again = await refresh(sandbox, 'pensyve', tokens.clientId, tokens.refreshToken)
    expect(again.json.error).toBe('invalid_grant')
  })

  test('of an unknown token succeeds, of another app’s it does not', async () => {
    const sandbox = createSandbox()
    const tokens = await sandbox.tokens.issue('pensyve')
    const client_id = appAt(sandbox, 'pensyve')
    expect((await revoke(sandbox, { token: 'unknown', client_id })).status).toBe(200)
    const other = await revoke(sandbox, { token: tokens.refreshToken, client_id })
    expect([other.status, other.json.error]).toEqual([400, 'unauthorized_client'])
    expect((await recall(sandbox, tokens.accessToken)).status).toBe(200)
    expect((await revoke(sandbox, { client_id })).json.error).toBe('invalid_request')
    expect((await revoke(sandbox, { token: tokens.refreshToken })).json.error).toBe('invalid_client')
  })

  test('is Pensyve’s alone', async () => {
    const sandbox = createSandbox()
    expect((await postForm(sandbox, 'https://pendium.ai/revoke', { token: 'x' })).status).toBe(404)
    expect((await postForm(sandbox, 'https://auth.profundis.io/revoke', { token: 'x' })).status).toBe(404)
  })
})

describe.each(signInServices)('%s: connected apps', (service: SignInService) => {
  test('are listed by account, once each, and not when nothing of them works any more', async () => {
    const sandbox = createSandbox({ now: () => 7000 })
    const [one, two] = [appAt(sandbox, service), appAt(sandbox, service)]
    const account = service === 'profundis' ? 'credited' : 'outsider'
    await signedIn(sandbox, service, one)
    await signedIn(sandbox, service, one)
    await signedIn(sandbox, service, two, { account })
    const scopes = service === 'pensyve' ? ['mcp'] : []
    const [app, ...others] = sandbox.apps.list(service, { account: 'ada' })
    expect(others).toEqual([])
    expect(app).toEqual({
      id: expect.stringMatching(/^app_[0-9a-f]{12}$/),
      service,
      account: 'ada',
      clientId: one,
      name: 'Test app',
      scopes,
      connectedAt: 7000,
    })
    expect(sandbox.apps.list(service).map(({ clientId }) => clientId)).toEqual([one, two])
    sandbox.clock.advance(30 * 24 * 3600 * 1000)
    expect(sandbox.apps.list(service)).toEqual([])
  })

  test('revoked, all their tokens are dead at once', async () => {
    const sandbox = createSandbox()
    const clientId = appAt(sandbox, service)
    const tokens = [await signedIn(sandbox, service, clientId), await signedIn(sandbox, service, clientId)]
    const kept = await signedIn(sandbox, service, appAt(sandbox, service))
    const { id } = sandbox.apps.list(service, { clientId })[0] ?? { id: '' }
    sandbox.apps.revoke(service, id)
    for (const { json } of tokens) {
      if (service === 'pensyve') expect((await recall(sandbox, json.access_token)).status).toBe(401)
      if (service === 'profundis') expect((await lookUp(sandbox, bearer(json.access_token))).status).toBe(401)
      expect((await refresh(sandbox, service, clientId, json.refresh_token)).json.error).toBe('invalid_grant')
    }
    expect(sandbox.apps.list(service)).toHaveLength(1)
    expect(codeOf(() => sandbox.apps.revoke(service, id))).toBe('unknown_app')
    expect(kept.status).toBe(200)
  })

  test('access tokens end before their time, by account or app, and refresh tokens stay', async () => {
    const sandbox = createSandbox()
    const clientId = appAt(sandbox, service)
    const { json } = await signedIn(sandbox, service, clientId)
    await sandbox.tokens.issue(service, { account: service === 'profundis' ? 'credited' : 'outsider' })
    expect(sandbox.tokens.expire(service, { account: 'nobody' })).toBe(0)
    expect(sandbox.tokens.revokeAccessTokens(service, { clientId })).toBe(1)
    expect(sandbox.tokens.expire(service, { account: 'ada' })).toBe(0)
    expect(sandbox.tokens.expire(service)).toBe(1)
    expect((await refresh(sandbox, service, clientId, json.refresh_token)).status).toBe(200)
  })
})

test('Pendium: the last login wins, where that is switched on', async () => {
  for (const lastLoginWins of [false, true]) {
    const sandbox = createSandbox({ pendium: { lastLoginWins } })
    const [one, two] = [appAt(sandbox, 'pendium'), appAt(sandbox, 'pendium')]
    const first = await signedIn(sandbox, 'pendium', one)
    const outsider = await signedIn(sandbox, 'pendium', one, { account: 'outsider' })
    const second = await signedIn(sandbox, 'pendium', two)
    expect((await refresh(sandbox, 'pendium', one, first.json.refresh_token)).status).toBe(lastLoginWins ? 400 : 200)
    expect((await refresh(sandbox, 'pendium', one, outsider.json.refresh_token)).status).toBe(200)
    expect((await refresh(sandbox, 'pendium', two, second.json.refresh_token)).status).toBe(200)
  }
})

describe('tokens without a browser', () => {
  test('can be refreshed as others can', async () => {
    const sandbox = createSandbox()
    const clientId = appAt(sandbox, 'pendium')
    const tokens = await sandbox.tokens.issue('pendium', { clientId, account: 'outsider' })
    expect(tokens).toMatchObject({ clientId, scopes: [] })
    expect((await refresh(sandbox, 'pendium', clientId, tokens.refreshToken)).status).toBe(200)
    expect(sandbox.apps.list('pendium')).toMatchObject([{ account: 'outsider', clientId }])
  })

  test.each<[string, Parameters<Sandbox['tokens']['issue']>, string]>([
    ['an unknown account', ['pensyve', { account: 'nobody' }], 'unknown_account'],
    ['an unknown scope', ['pensyve', { scopes: ['admin'] }], 'invalid_scope'],
    ['a scope where there is none', ['pendium', { scopes: ['mcp'] }], 'invalid_scope'],
    ['an unknown client', ['pendium', { clientId: 'client_unknown' }], 'unknown_client'],
  ])('%s is an error', async (_, parameters, code) => {
    await expect(createSandbox().tokens.issue(...parameters)).rejects.toMatchObject({ code })
  })

  test('name the addresses of a sandbox that listens', async () => {
    const origins = { 'https://mcp.pensyve.com': 'http://127.0.0.1:4100' }
    const sandbox = createSandbox()
    const { accessToken } = await sandbox.tokens.issue('pensyve', { origins })
    const payload = JSON.parse(atob(String(accessToken.split('.')[1]).replaceAll('-', '+').replaceAll('_', '/')))
    expect(payload).toMatchObject({ iss: 'http://127.0.0.1:4100', aud: 'http://127.0.0.1:4100/mcp' })
    expect((await recall(sandbox, accessToken)).status).toBe(200)
    expect(servers.pensyve.issuer).toBe('https://mcp.pensyve.com')
  })
})
