import { createLocalJWKSet, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { createSandbox, facts } from '../src/index.ts'
import { call } from './call.ts'
import { servers, signInServices } from './support/app.ts'

const wellKnown = '/.well-known/oauth-authorization-server'

describe.each(signInServices)('%s: metadata', (service) => {
  const { issuer, authorize, token, register, resource } = servers[service]

  test('of the authorization server (RFC 8414)', async () => {
    const { status, json, headers } = await call(createSandbox(), issuer + wellKnown)
    expect(status).toBe(200)
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(json).toMatchObject({
      issuer,
      authorization_endpoint: authorize,
      token_endpoint: token,
      registration_endpoint: register,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
    })
    expect(json.token_endpoint_auth_methods_supported[0]).toBe('none')
    expect(json).not.toHaveProperty('device_authorization_endpoint')
    expect(facts[service].authorizationServer?.issuer).toBe(issuer)
  })

  test('of the protected resource (RFC 9728)', async () => {
    const sandbox = createSandbox()
    const { origin } = new URL(resource)
    const { json } = await call(sandbox, `${origin}/.well-known/oauth-protected-resource`)
    expect(json).toMatchObject({ resource, authorization_servers: [issuer], bearer_methods_supported: ['header'] })
    expect(facts[service].authorizationServer?.resource).toBe(resource)
  })

  test('that does not exist is a 404 with a name, wherever a client looks', async () => {
    const sandbox = createSandbox()
    for (const origin of facts[service].origins) {
      const { status, headers } = await call(sandbox, `${origin}/.well-known/openid-configuration`)
      expect([origin, status, headers.get('access-control-allow-origin')]).toEqual([origin, 404, '*'])
    }
    expect(sandbox.journal.entries.map(({ operation }) => operation)).toEqual(
      facts[service].origins.map(() => 'no_metadata'),
    )
  })
})

test('only what a service has is announced', async () => {
  const sandbox = createSandbox()
  const of = async (service: keyof typeof servers) => (await call(sandbox, servers[service].issuer + wellKnown)).json
  const [pendium, pensyve, profundis] = [await of('pendium'), await of('pensyve'), await of('profundis')]
  expect([pendium.revocation_endpoint, profundis.revocation_endpoint]).toEqual([undefined, undefined])
  expect(pensyve.revocation_endpoint).toBe('https://mcp.pensyve.com/oauth/revoke')
  expect([pendium.scopes_supported, pensyve.scopes_supported]).toEqual([undefined, ['mcp']])
  expect(pensyve.token_endpoint_auth_methods_supported).toEqual(['none'])
  expect(pendium.token_endpoint_auth_methods_supported).toContain('client_secret_basic')
  expect([pendium.jwks_uri, pensyve.jwks_uri]).toEqual([undefined, 'https://mcp.pensyve.com/.well-known/jwks.json'])
})

test('the device grant is announced where it is switched on', async () => {
  const sandbox = createSandbox({ pendium: { deviceAuthorization: true } })
  const { json } = await call(sandbox, servers.pendium.issuer + wellKnown)
  expect(json.device_authorization_endpoint).toBe('https://pendium.ai/device_authorization')
  expect(json.grant_types_supported).toContain('urn:ietf:params:oauth:grant-type:device_code')
})

test('the path-suffixed form is there for Pendium, and not for Pensyve', async () => {
  const sandbox = createSandbox()
  const suffixed = '/.well-known/oauth-protected-resource/mcp'
  expect((await call(sandbox, `https://pendium.ai${suffixed}`)).json.resource).toBe('https://pendium.ai/mcp')
  expect((await call(sandbox, `https://mcp.pensyve.com${suffixed}`)).status).toBe(404)
})

test('metadata names the addresses that the sender sees', async () => {
  const origins = { 'https://mcp.pensyve.com': 'http://localhost:4100', 'https://pensyve.com': 'http://localhost:4101' }
  const at = async (path: string) => (await createSandbox().fetch(`https://mcp.pensyve.com${path}`, { origins })).json()
  expect(await at(wellKnown)).toMatchObject({
    issuer: 'http://localhost:4100',
    authorization_endpoint: 'http://localhost:4101/oauth/authorize',
    jwks_uri: 'http://localhost:4100/.well-known/jwks.json',
  })
  expect(await at('/.well-known/oauth-protected-resource')).toMatchObject({
    resource: 'http://localhost:4100/mcp',
    authorization_servers: ['http://localhost:4100'],
  })
})

test('Pensyve publishes its Ed25519 keys, the old ones too after a rotation', async () => {
  const sandbox = createSandbox()
  const keySet = async () => (await call(sandbox, 'https://mcp.pensyve.com/.well-known/jwks.json')).json
  const before = await keySet()
  expect(before.keys).toMatchObject([{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' }])
  expect(before.keys[0]).not.toHaveProperty('d')
  const old = await sandbox.tokens.issue('pensyve')
  sandbox.tokens.rotateSigningKey('pensyve')
  const { accessToken } = await sandbox.tokens.issue('pensyve', { scopes: ['mcp:read'] })
  const { payload, protectedHeader } = await jwtVerify(accessToken, createLocalJWKSet(await keySet()), {
    algorithms: ['EdDSA'],
    issuer: 'https://mcp.pensyve.com',
    audience: 'https://mcp.pensyve.com/mcp',
  })
  expect(payload).toMatchObject({ sub: 'ada', scope: 'mcp:read' })
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(900)
  expect(protectedHeader.kid).not.toBe(before.keys[0].kid)
  await jwtVerify(old.accessToken, createLocalJWKSet(await keySet()))
  await expect(jwtVerify(accessToken, createLocalJWKSet(before))).rejects.toThrow()
})

test('a page of another origin may call what programs call, and not the pages', async () => {
  const sandbox = createSandbox()
  const preflight = (url: string, method = 'POST') =>
    sandbox.fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': method,
        'access-control-request-headers': 'content-type, mcp-protocol-version',
      },
    })
  const urls = [servers.pensyve.token, servers.pensyve.register, 'https://mcp.pensyve.com/oauth/revoke']
  for (const url of [...urls, servers.pensyve.issuer + wellKnown]) {
    const { status, headers } = await preflight(url, url.endsWith(wellKnown) ? 'GET' : 'POST')
    expect([status, headers.get('access-control-allow-origin')]).toEqual([204, '*'])
    expect(headers.get('access-control-allow-headers')).toBe('content-type, mcp-protocol-version')
  }
  const page = await preflight(servers.pensyve.authorize, 'GET')
  expect([page.status, page.headers.has('access-control-allow-origin')]).toEqual([404, false])
  const refused = await sandbox.fetch(servers.pensyve.token, { method: 'POST', body: new URLSearchParams() })
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, '*'])
})
