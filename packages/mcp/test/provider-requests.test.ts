import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { expect, it } from 'vitest'
import { discoveryState, issuer, mcpUrl, providerWorld, serverMetadata, tokenAnswer } from './support/provider-world.ts'

// What the fetch beside a provider lets out, and what it makes of the answers.

const secrets = { authorization: `Bearer ${testKey.token('static')}`, 'x-api-key': testKey.token('key'), cookie: 'a=b' }
const bearer = (name: string) => ({ authorization: `Bearer ${tokenAnswer(name).access_token}` })
const renewalOf = (name: string) => ({
  method: 'POST',
  body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: tokenAnswer(name).refresh_token }),
})

it('keeps the headers for the MCP server from every other', async () => {
  const world = providerWorld()
  const harmless = { accept: 'application/json', 'mcp-protocol-version': '2026-07-28' }
  world.answer = () => Response.json(serverMetadata)
  const addresses = [`${issuer}/.well-known/oauth-authorization-server`, `${issuer}/register`]
  for (const address of addresses) await world.fetch(address, { headers: { ...secrets, ...harmless } })
  const body = new URLSearchParams({ grant_type: 'authorization_code', code: 'c' })
  await world.fetch(`${issuer}/token`, { method: 'POST', body, headers: { ...secrets, ...harmless } })
  for (const { headers } of world.asked) expect(headers).toEqual(harmless)
  // On its own host, what a gateway there asks for still goes along.
  await world.fetch('https://mcp.acme.example/.well-known/oauth-protected-resource/mcp', { headers: secrets })
  expect(world.asked.at(-1)?.headers).toEqual({ cookie: 'a=b' })
  await world.fetch(mcpUrl, { headers: secrets })
  expect(world.asked.at(-1)?.headers).toEqual(secrets)
})

it('sends no credential to an address that no resource covers, not at the same origin either', async () => {
  const world = providerWorld()
  const other = new URL('/admin', mcpUrl)
  expect(await caught(world.fetch(other, { headers: bearer('one') }))).toMatchObject({ code: 'url_not_covered' })
  expect(await caught(world.fetch(other, { headers: { 'x-api-key': secrets['x-api-key'] } }))).toMatchObject({
    code: 'url_not_covered',
  })
  expect(world.asked).toEqual([])
  world.answer = () => new Response(null, { status: 307, headers: { location: '/admin' } })
  const call = { method: 'POST', body: '{}', headers: bearer('one') }
  expect(await caught(world.fetch(mcpUrl, call))).toMatchObject({ code: 'url_not_covered' })
  expect(world.asked.map(({ url }) => url)).toEqual([mcpUrl])
})

it.each([
  [undefined, 'basic'],
  [['client_secret_post'], 'post'],
])('proves the client where the server takes %j, whatever is in its secret', async (methods, way) => {
  const client = { clientId: 'a:b', clientSecret: `ü%${testKey.token('client')}`, issuer }
  const { authProvider, fetch, asked } = providerWorld({ client })
  const headers = new Headers({ authorization: 'nothing' })
  const body = new URLSearchParams({ grant_type: 'authorization_code', code: 'c' })
  const server = { issuer, token_endpoint_auth_methods_supported: methods }
  // As the SDKs do it: by itself.
  const { addClientAuthentication } = authProvider
  await addClientAuthentication(headers, body, `${issuer}/token`, server)
  await fetch(`${issuer}/token`, { method: 'POST', headers: { ...secrets, ...Object.fromEntries(headers) }, body })
  const sent = asked[0]
  const params = Object.fromEntries(new URLSearchParams(sent?.body))
  if (way === 'post') {
    expect(sent?.headers).toEqual({})
    expect(params).toMatchObject({ client_id: client.clientId, client_secret: client.clientSecret })
    return
  }
  const [id, secret] = atob(sent?.headers.authorization?.slice('Basic '.length) ?? '').split(':')
  expect([id, secret].map((part) => new URLSearchParams(`part=${part}`).get('part'))).toEqual([
    client.clientId,
    client.clientSecret,
  ])
  expect(params).toEqual({ grant_type: 'authorization_code', code: 'c' })
})

it('follows no redirect with a refresh token', async () => {
  const world = providerWorld()
  world.answer = () => new Response(null, { status: 307, headers: { location: 'https://evil.example/token' } })
  await world.authProvider.saveTokens({ ...tokenAnswer('one'), issuer })
  await world.authProvider.tokens()
  world.now += 3600_000
  await world.fetch(`${issuer}/token`, renewalOf('one'))
  expect(world.asked.map(({ url, redirect }) => [url, redirect])).toEqual([[`${issuer}/token`, 'manual']])
})

it.each(['http://login.acme.example/token', 'https://10.0.0.1/token', 'https://127.0.0.1/token'])(
  'sends nothing to %s',
  async (address) => {
    const world = providerWorld()
    const body = new URLSearchParams({ grant_type: 'authorization_code', code: 'c' })
    expect(await caught(world.fetch(address, { method: 'POST', body }))).toMatchObject({ code: 'unsafe_address' })
    const page = new URL(address.replace('token', 'authorize'))
    expect(await caught(world.authProvider.redirectToAuthorization(page))).toMatchObject({ code: 'unsafe_address' })
    expect(world.asked).toEqual([])
    expect(world.pages).toEqual([])
  },
)

it.each([
  ['of a server that does not say how it checks PKCE', { code_challenge_methods_supported: undefined }],
  ['of a server that checks it in plain text', { code_challenge_methods_supported: ['plain'] }],
])('refuses metadata %s', async (_, change) => {
  const world = providerWorld()
  const metadata = { ...serverMetadata, ...change }
  world.answer = () => Response.json(metadata)
  const documents = ['oauth-authorization-server', 'openid-configuration'].map(
    (name) => `${issuer}/.well-known/${name}`,
  )
  for (const document of documents)
    expect(await caught(world.fetch(document))).toMatchObject({
      code: 'discovery_failed',
      message: expect.stringContaining('PKCE by S256'),
    })
  const state = { ...discoveryState, authorizationServerMetadata: metadata }
  expect(await caught(world.authProvider.saveDiscoveryState(state))).toMatchObject({ code: 'discovery_failed' })
  const open = providerWorld({ dangerouslyAllowMissingPkceMetadata: true })
  open.answer = world.answer
  const isSilent = change.code_challenge_methods_supported === undefined
  const outcome = await open.fetch(documents[0] ?? '').catch((error: unknown) => error)
  expect(outcome instanceof Response).toBe(isSilent)
})

it('refuses metadata of another issuer, and servers without any', async () => {
  const { authProvider, fetch } = providerWorld()
  await fetch(mcpUrl)
  const other = {
    ...discoveryState,
    authorizationServerMetadata: { ...serverMetadata, issuer: 'https://evil.example' },
  }
  expect(await caught(authProvider.saveDiscoveryState(other))).toMatchObject({
    message: expect.stringContaining('names another issuer'),
  })
  const none = { authorizationServerUrl: 'https://mcp.acme.example/', authorizationServerMetadata: undefined }
  expect(await caught(authProvider.saveDiscoveryState(none))).toMatchObject({
    code: 'discovery_failed',
    hint: expect.stringContaining('legacyEndpoints'),
  })
  await authProvider.saveDiscoveryState({ ...discoveryState, authorizationServerUrl: `${issuer}/` })
})

it('does not take a document that cannot be had now for one that does not exist', async () => {
  const world = providerWorld()
  world.answer = () => new Response('busy', { status: 503, headers: { 'retry-after': '4' } })
  await world.authProvider.discoveryState()
  const document = 'https://mcp.acme.example/.well-known/oauth-protected-resource/mcp'
  const failure = { code: 'temporarily_unavailable', status: 503, retryAfter: 4, retryable: true }
  expect(await caught(world.fetch(document))).toMatchObject(failure)
  expect(await caught(world.authProvider.saveDiscoveryState(discoveryState))).toMatchObject(failure)
  // The next attempt is one of its own.
  await world.authProvider.discoveryState()
  await world.authProvider.saveDiscoveryState(discoveryState)
})

/** An answer of up to 300 MB, and how many of them were asked for. */
function endless(status = 200): { answer: Response; read: () => number } {
  const piece = new Uint8Array(1_000_000).fill(32)
  let pieces = 0
  const body = new ReadableStream({
    pull(controller) {
      pieces += 1
      controller.enqueue(piece)
      if (pieces === 300) controller.close()
    },
  })
  return { answer: new Response(body, { status }), read: () => pieces }
}

it.each([
  ['metadata', `${issuer}/.well-known/oauth-authorization-server`, {}],
  ['metadata of the resource', 'https://mcp.acme.example/.well-known/oauth-protected-resource/mcp', {}],
  ['a registration', `${issuer}/register`, { method: 'POST', body: '{}' }],
  [
    'tokens',
    `${issuer}/token`,
    { method: 'POST', body: new URLSearchParams({ grant_type: 'authorization_code', code: 'c' }) },
  ],
])('stops to read what is too long for %s', async (_, address, init) => {
  const world = providerWorld()
  const { answer, read } = endless()
  world.answer = () => answer
  expect(await caught(world.fetch(address, init))).toMatchObject({
    code: 'temporarily_unavailable',
    message: expect.stringContaining(`${new URL(address).origin} answered more than 256 KiB.`),
    retryable: true,
  })
  expect(read()).toBeLessThan(5)
})

it('gives on no more of a refusal than that', async () => {
  const world = providerWorld()
  const { answer, read } = endless(401)
  await world.authProvider.saveTokens({ ...tokenAnswer('one'), issuer })
  await world.authProvider.tokens()
  world.answer = () => answer
  const refused = await world.fetch(mcpUrl, { headers: bearer('one') })
  expect([refused.status, (await refused.text()).length]).toEqual([401, 262_144])
  expect(read()).toBeLessThan(5)
})

it('tells the SDK of a redirect that a browser does not show', async () => {
  const world = providerWorld()
  world.answer = () =>
    Object.defineProperties(new Response(), { type: { value: 'opaqueredirect' }, status: { value: 0 } })
  expect((await world.fetch(`${issuer}/.well-known/oauth-authorization-server`)).status).toBe(302)
})

it('reads a document once for all who want it at the same time', async () => {
  const world = providerWorld()
  world.answer = () => Response.json(serverMetadata)
  const read = () => world.fetch(`${issuer}/.well-known/oauth-authorization-server`).then((answer) => answer.json())
  expect(await Promise.all([read(), read(), read()])).toEqual([serverMetadata, serverMetadata, serverMetadata])
  expect(world.asked).toHaveLength(1)
})

it('saves new tokens before anybody sees them, and gives them to whoever comes late', async () => {
  const world = providerWorld()
  const { authProvider, fetch, asked } = world
  await authProvider.saveTokens({ ...tokenAnswer('one'), issuer })
  await authProvider.tokens()
  world.answer = ({ url }) => (url === mcpUrl ? new Response(null, { status: 401 }) : Response.json(tokenAnswer('two')))
  expect((await fetch(mcpUrl, { headers: bearer('one') })).status).toBe(401)
  const renewed = await fetch(`${issuer}/token`, renewalOf('one'))
  expect(await authProvider.tokens()).toEqual({ ...tokenAnswer('two'), issuer })
  expect(await renewed.json()).toEqual(tokenAnswer('two'))
  // With the old refresh token, and with the new one: its access token is good.
  for (const name of ['one', 'two'])
    expect(await (await fetch(`${issuer}/token`, renewalOf(name))).json()).toEqual(tokenAnswer('two'))
  expect(asked.filter(({ url }) => url !== mcpUrl)).toHaveLength(1)

  // A call that still carries the old one gets the new one.
  world.answer = () => new Response('{}')
  await fetch(mcpUrl, { headers: bearer('one') })
  expect(asked.at(-1)?.headers).toEqual(bearer('two'))
  // What an SDK saves late does not come back.
  await authProvider.saveTokens({ ...tokenAnswer('two'), issuer })
  await authProvider.saveTokens({ ...tokenAnswer('three'), issuer })
  await authProvider.saveTokens({ ...tokenAnswer('two'), issuer })
  expect((await authProvider.tokens())?.access_token).toBe(tokenAnswer('three').access_token)
})

it('sends a call again whose token was replaced while it was on its way', async () => {
  const world = providerWorld()
  const { authProvider, fetch, asked } = world
  await authProvider.saveTokens({ ...tokenAnswer('one'), issuer })
  await authProvider.tokens()
  world.answer = async ({ headers }) => {
    if (headers.authorization === bearer('two').authorization) return new Response('good')
    await authProvider.saveTokens({ ...tokenAnswer('two'), issuer })
    return new Response(null, { status: 401 })
  }
  const answer = await fetch(mcpUrl, { method: 'POST', body: '{}', headers: bearer('one') })
  expect([answer.status, await answer.text()]).toEqual([200, 'good'])
  expect(asked).toHaveLength(2)
})

it('tells the end of a session to all, and keeps the next one from those who are late', async () => {
  const world = providerWorld()
  const { authProvider, fetch, asked } = world
  await authProvider.saveTokens({ ...tokenAnswer('one'), issuer })
  await authProvider.tokens()
  world.now += 3600_000
  world.answer = () => Response.json({ error: 'invalid_grant' }, { status: 400 })
  for (let n = 0; n < 3; n++) expect((await fetch(`${issuer}/token`, renewalOf('one'))).status).toBe(400)
  expect(asked).toHaveLength(1)
  await authProvider.invalidateCredentials('tokens')
  expect(await authProvider.tokens()).toBeUndefined()
  await authProvider.saveTokens({ ...tokenAnswer('two'), issuer })
  for (let n = 0; n < 2; n++) await authProvider.invalidateCredentials('tokens')
  expect((await authProvider.tokens())?.access_token).toBe(tokenAnswer('two').access_token)
  // Somebody who signs out.
  await authProvider.invalidateCredentials('tokens')
  expect(await authProvider.tokens()).toBeUndefined()
})

it('says a trouble again where the SDKs would send the person to sign in, and asks again after it', async () => {
  const world = providerWorld()
  const { authProvider, fetch, asked } = world
  await authProvider.saveTokens({ ...tokenAnswer('one'), issuer })
  await authProvider.tokens()
  world.now += 3600_000
  world.answer = () => {
    throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } })
  }
  const failure = { code: 'temporarily_unavailable', message: expect.stringContaining('(ECONNREFUSED)') }
  const failed = await caught(fetch(`${issuer}/token`, renewalOf('one')))
  expect(failed).toMatchObject(failure)
  expectNoMarker(failed)
  expect(await caught(fetch(`${issuer}/token`, renewalOf('one')))).toBe(failed)
  expect(await caught(authProvider.state())).toBe(failed)
  expect(asked).toHaveLength(1)
  world.now += 1_000
  expect(await authProvider.state()).toMatch(/^[\w-]{32}$/)
  world.answer = () => Response.json(tokenAnswer('two'))
  await fetch(`${issuer}/token`, renewalOf('one'))
  expect((await authProvider.tokens())?.access_token).toBe(tokenAnswer('two').access_token)
})
