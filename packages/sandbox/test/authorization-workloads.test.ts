import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { createSandbox, leakMarker, type Sandbox } from '../src/index.ts'
import { postForm, servers } from './support/app.ts'

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const jwtType = 'urn:ietf:params:oauth:token-type:jwt'
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const issuer = 'https://mcp.pensyve.com'
const trust = [{ subject: 'repo:octo/agent:*', scopes: ['mcp:read', 'mcp:write'], audience: 'api://pensyve' }]
const create = () => createSandbox({ now: () => 1_700_000_000_000, pensyve: { workloadIdentity: trust } })
const post = (sandbox: Sandbox, fields: Record<string, string>) => postForm(sandbox, servers.pensyve.token, fields)
const works = async (sandbox: Sandbox, token: string) => {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
  return (await sandbox.fetch(`${issuer}/mcp`, { method: 'POST', headers, body })).status
}

describe('a job of the CI system', () => {
  test.each([
    ['jwt-bearer', (token: string) => ({ grant_type: jwtBearer, assertion: token })],
    [
      'token exchange',
      (token: string) => ({ grant_type: exchange, subject_token: token, subject_token_type: jwtType }),
    ],
  ])('gets a token by %s, once for each identity token', async (way, fields) => {
    const sandbox = create()
    const token = await sandbox.ci.job().token({ audience: issuer })
    const { status, json } = await post(sandbox, fields(token))
    expect([status, json.token_type, json.scope, json.refresh_token]).toEqual([200, 'Bearer', 'mcp:read', undefined])
    expect(json.issued_token_type).toBe(
      way === 'jwt-bearer' ? undefined : 'urn:ietf:params:oauth:token-type:access_token',
    )
    expect(await works(sandbox, json.access_token)).toBe(200)
    const again = await post(sandbox, fields(token))
    expect([again.status, again.json.error]).toEqual([400, way === 'jwt-bearer' ? 'invalid_grant' : 'invalid_request'])
  })

  test('may show a token of a file again, until it ends', async () => {
    const sandbox = create()
    const assertion = await sandbox.ci.job().token({ audience: 'api://pensyve', reusable: true })
    const ask = () => post(sandbox, { grant_type: jwtBearer, assertion })
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 200])
    sandbox.clock.advance(300_000)
    expect((await ask()).json.error).toBe('invalid_grant')
  })

  test.each<[name: string, subject: string, options: object]>([
    ['another audience', 'repo:octo/agent:x', { audience: 'https://elsewhere.example' }],
    ['another subject', 'repo:octo/other:x', { audience: issuer }],
    ['a time that is over', 'repo:octo/agent:x', { audience: issuer, lifetime: -1 }],
    ['another issuer', 'repo:octo/agent:x', { audience: issuer, claims: { iss: 'https://evil.example' } }],
    ['no end', 'repo:octo/agent:x', { audience: issuer, claims: { exp: undefined } }],
  ])('is refused with %s', async (_, subject, options) => {
    const sandbox = create()
    const assertion = await sandbox.ci.job({ subject }).token(options as { audience: string })
    expect((await post(sandbox, { grant_type: jwtBearer, assertion })).json.error).toBe('invalid_grant')
  })

  test('is refused with a signature of another key, or a token of another sandbox', async () => {
    const sandbox = create()
    const { privateKey } = await generateKeyPair('ES256')
    const forged = await new SignJWT({
      iss: sandbox.ci.issuer,
      sub: 'repo:octo/agent:x',
      aud: issuer,
      exp: 1_700_000_300,
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'ci' })
      .sign(privateKey)
    for (const assertion of [forged, await create().ci.job().token({ audience: issuer }), 'no.j.wt'])
      expect((await post(sandbox, { grant_type: jwtBearer, assertion })).json.error).toBe('invalid_grant')
  })

  test.each<[fields: Record<string, string>, error: string]>([
    [{ scope: 'mcp' }, 'invalid_scope'],
    [{ resource: 'https://elsewhere.example' }, 'invalid_target'],
    [{ audience: 'https://elsewhere.example' }, 'invalid_target'],
    [{ subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, 'invalid_request'],
    [{ requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }, 'invalid_request'],
    [{ subject_token: '' }, 'invalid_request'],
  ])('is told what is wrong with %j', async (fields, error) => {
    const sandbox = create()
    const subject_token = await sandbox.ci.job().token({ audience: issuer })
    const all = { grant_type: exchange, subject_token, subject_token_type: jwtType, ...fields }
    expect((await post(sandbox, all)).json.error).toBe(error)
  })

  test('asks for its identity token by HTTP, with the token of its environment', async () => {
    const sandbox = create()
    const job = sandbox.ci.job()
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret } = job.env()
    expect(secret?.includes(leakMarker)).toBe(true)
    const ask = (query: string, token = secret) =>
      sandbox.fetch(url + query, { headers: { authorization: `bearer ${token}` } })
    const answer = await ask(`&audience=${encodeURIComponent(issuer)}`)
    const { value } = (await answer.json()) as { value: string }
    expect((await post(sandbox, { grant_type: jwtBearer, assertion: value })).status).toBe(200)
    expect([(await ask('&audience=x', 'wrong')).status, (await ask('')).status]).toEqual([401, 400])
    job.end()
    await new Promise(setImmediate)
    expect([(await ask('&audience=x')).status, sandbox.ci.requests]).toEqual([401, 4])
    const { jwks_uri } = (await (
      await sandbox.fetch(`${sandbox.ci.issuer}/.well-known/openid-configuration`)
    ).json()) as {
      jwks_uri: string
    }
    expect(((await (await sandbox.fetch(jwks_uri)).json()) as { keys: object[] }).keys).toHaveLength(1)
  })
})

describe('a client without a person', () => {
  test('proves itself with a key, once for each assertion', async () => {
    const sandbox = create()
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const keys = { keys: [await exportJWK(publicKey)] }
    const { clientId } = sandbox.clients.register('pensyve', {
      redirectUris: [],
      keys,
      grantTypes: ['client_credentials'],
    })
    const client_assertion = await new SignJWT({ jti: 'one' })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(issuer)
      .setExpirationTime(1_700_000_060)
      .sign(privateKey)
    const fields = { grant_type: 'client_credentials', client_assertion, client_assertion_type: assertionType }
    const { status, json } = await post(sandbox, { ...fields, scope: 'mcp:read' })
    expect([status, json.scope, await works(sandbox, json.access_token)]).toEqual([200, 'mcp:read', 200])
    expect((await post(sandbox, fields)).json.error).toBe('invalid_client')
  })

  test('is spoken for by a job, and by no other', async () => {
    const sandbox = create()
    const subject = 'repo:octo/deploy:x'
    const { clientId } = sandbox.clients.register('pensyve', {
      redirectUris: [],
      workload: subject,
      grantTypes: ['client_credentials'],
    })
    const ask = async (from: string) =>
      post(sandbox, {
        grant_type: 'client_credentials',
        client_id: clientId,
        client_assertion_type: assertionType,
        client_assertion: await sandbox.ci.job({ subject: from }).token({ audience: issuer }),
      })
    expect([(await ask(subject)).status, (await ask('repo:octo/agent:x')).json.error]).toEqual([200, 'invalid_client'])
  })

  test('that proves nothing gets nothing', async () => {
    const sandbox = create()
    const { clientId } = sandbox.clients.register('pensyve', { redirectUris: [], grantTypes: ['client_credentials'] })
    const { json } = await post(sandbox, { grant_type: 'client_credentials', client_id: clientId })
    expect(json.error).toBe('unauthorized_client')
  })
})

test('without the switch there is neither such a grant nor a CI system', async () => {
  const sandbox = createSandbox()
  const assertion = await sandbox.ci.job().token({ audience: issuer })
  const { clientId } = sandbox.clients.register('pensyve', { redirectUris: [] })
  const { json } = await post(sandbox, { grant_type: jwtBearer, assertion, client_id: clientId })
  expect(json.error).toBe('unsupported_grant_type')
  await expect(sandbox.fetch(`${sandbox.ci.issuer}/.well-known/jwks`)).rejects.toMatchObject({ code: 'unknown_origin' })
  expect(sandbox.origins).not.toContain(sandbox.ci.issuer)
  const metadata = await (await sandbox.fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()
  expect(metadata).toMatchObject({ token_endpoint_auth_methods_supported: ['none'] })
  expect(JSON.stringify(metadata)).not.toContain('jwt-bearer')
})
