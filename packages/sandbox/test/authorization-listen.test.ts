import { createRemoteJWKSet, jwtVerify } from 'jose'
import { setupServer } from 'msw/node'
import { afterEach, describe, expect, test } from 'vitest'
import { createSandbox, type Sandbox, signInAt } from '../src/index.ts'
import { handlers } from '../src/msw.ts'
import { type ListenOptions, listen, type SandboxServer } from '../src/server.ts'
import { authorizationUrl, challenge, redirectUri, servers, signInServices, verifier } from './support/app.ts'

let server: SandboxServer | undefined
afterEach(() => server?.close())

async function start(sandbox: Sandbox, name = '127.0.0.1', options?: ListenOptions): Promise<(url: string) => string> {
  server = await listen(sandbox, options)
  const { origins } = server
  return (url) => {
    const { origin } = new URL(url)
    return (origins[origin] ?? 'http://no.such.origin').replace('127.0.0.1', name) + url.slice(origin.length)
  }
}

const json = async (url: string, init?: RequestInit) => {
  const response = await fetch(url, init)
  expect([url, response.ok]).toEqual([url, true])
  return response.json()
}

/** What a client does that knows one URL and the standards: every further address is from an answer. */
async function signInFrom(resource: string) {
  const { origin, pathname } = new URL(resource)
  const wellKnown = '/.well-known/oauth-protected-resource'
  const suffixed = await fetch(origin + wellKnown + (pathname === '/' ? '' : pathname))
  const metadata = suffixed.ok ? await suffixed.json() : await json(origin + wellKnown)
  expect(metadata.resource).toBe(resource)
  const [issuer] = metadata.authorization_servers
  const authorizationServer = await json(`${issuer}/.well-known/oauth-authorization-server`)
  expect(authorizationServer.issuer).toBe(issuer)
  const client = await json(authorizationServer.registration_endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'App', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' }),
  })
  const url = new URL(authorizationServer.authorization_endpoint)
  const request = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    resource: metadata.resource,
  }
  for (const [name, value] of Object.entries(request)) url.searchParams.set(name, value)
  const callback = await signInAt(fetch, url)
  expect(callback.searchParams.get('iss')).toBe(issuer)
  const form = {
    grant_type: 'authorization_code',
    code: callback.searchParams.get('code') ?? '',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    resource: metadata.resource,
  }
  const tokens = await json(authorizationServer.token_endpoint, { method: 'POST', body: new URLSearchParams(form) })
  return { authorizationServer, client, tokens, resource: metadata.resource }
}

describe.each(['127.0.0.1', 'localhost'])('over HTTP, called %s', (name) => {
  test.each(signInServices)('%s: one local URL is enough to sign in', async (service) => {
    const sandbox = createSandbox()
    const at = await start(sandbox, name)
    const { authorizationServer, tokens } = await signInFrom(at(servers[service].resource))
    expect(tokens.token_type).toBe('Bearer')
    const addresses = Object.values(authorizationServer).filter((value) => String(value).startsWith('http'))
    for (const address of addresses) expect(new URL(String(address)).hostname).toBe(name)
    expect(sandbox.apps.list(service)).toMatchObject([{ account: 'ada', name: 'App' }])
    expect(sandbox.journal.entries.every(({ operation }) => operation !== undefined)).toBe(true)
  })
})

test.each(signInServices)('%s on one port: its metadata names that one address everywhere', async (service) => {
  const sandbox = createSandbox()
  const at = await start(sandbox, undefined, { onePortPerService: true })
  const { authorizationServer, resource, tokens } = await signInFrom(at(servers[service].resource))
  const addresses = Object.values(authorizationServer).filter((value) => String(value).startsWith('http'))
  expect(addresses.length).toBeGreaterThan(3)
  for (const address of [resource, ...addresses])
    expect(new URL(String(address)).origin).toBe(server?.baseUrls[service])
  expect(tokens.token_type).toBe('Bearer')
  // Each reached the origin that is documented for it.
  const reached = sandbox.journal.entries.map(({ url }) => url.replace(/\?.*/, ''))
  expect(reached).toEqual(expect.arrayContaining([servers[service].register, servers[service].token]))
  expect(reached.some((url) => url.startsWith(servers[service].authorize))).toBe(true)
})

test('over HTTP: Pensyve’s token is checked with its published keys, works, is refused when expired, and is revoked', async () => {
  const sandbox = createSandbox()
  const at = await start(sandbox)
  const { authorizationServer, client, tokens, resource } = await signInFrom(at('https://mcp.pensyve.com/mcp'))
  const keys = createRemoteJWKSet(new URL(authorizationServer.jwks_uri))
  const { payload } = await jwtVerify(tokens.access_token, keys, {
    issuer: authorizationServer.issuer,
    audience: resource,
  })
  expect(payload).toMatchObject({ sub: 'ada', client_id: client.client_id })
  const headers = { authorization: `Bearer ${tokens.access_token}`, 'content-type': 'application/json' }
  const recall = () =>
    fetch(at('https://api.pensyve.com/v1/recall'), { method: 'POST', headers, body: '{"query":"tea"}' })
  expect((await recall()).status).toBe(200)
  sandbox.tokens.expire('pensyve')
  const refused = await recall()
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
    401,
    `Bearer resource_metadata="${at('https://mcp.pensyve.com/.well-known/oauth-protected-resource')}", error="invalid_token"`,
  ])
  const send = (url: string, form: Record<string, string>) =>
    fetch(url, { method: 'POST', body: new URLSearchParams({ client_id: client.client_id, ...form }) })
  const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }
  const next = await (await send(authorizationServer.token_endpoint, refresh)).json()
  expect((await send(authorizationServer.revocation_endpoint, { token: next.refresh_token })).status).toBe(200)
  expect(sandbox.apps.list('pensyve')).toEqual([])
})

test('a client that was moved only in part is told so', async () => {
  const sandbox = createSandbox()
  const at = await start(sandbox)
  const { clientId } = sandbox.clients.register('pendium', { redirectUris: [redirectUri] })
  const url = at(authorizationUrl('pendium', clientId))
  expect((await signInAt(fetch, url)).searchParams.get('error')).toBe('invalid_target')
  const moved = at(authorizationUrl('pendium', clientId, { resource: at('https://pendium.ai/mcp') }))
  expect((await signInAt(fetch, moved)).searchParams.has('code')).toBe(true)
})

test('a device is sent to the local page', async () => {
  const sandbox = createSandbox({ pensyve: { deviceAuthorization: true } })
  const at = await start(sandbox)
  const { clientId } = sandbox.clients.register('pensyve', { redirectUris: [redirectUri] })
  const body = new URLSearchParams({ client_id: clientId })
  const device = await json(at(servers.pensyve.device), { method: 'POST', body })
  expect(device.verification_uri).toBe(at('https://pensyve.com/oauth/device'))
  await signInAt(fetch, device.verification_uri_complete)
  expect(sandbox.journal.entries.at(-1)).toMatchObject({ operation: 'device_decision', status: 200 })
})

test('on the documented origins, with MSW', async () => {
  const sandbox = createSandbox()
  const msw = setupServer(...handlers(sandbox))
  msw.listen({ onUnhandledFrame: 'error' })
  try {
    for (const service of signInServices) {
      const { tokens } = await signInFrom(servers[service].resource)
      expect(tokens.access_token).toBeTypeOf('string')
    }
  } finally {
    msw.close()
  }
})
