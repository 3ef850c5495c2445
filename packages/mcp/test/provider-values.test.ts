import { inspect } from 'node:util'
import { pendra, pensyve, pentographer } from '@pentauth/core'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { expect, it } from 'vitest'
import { oauthClientProvider } from '../src/index.ts'
import { acme, authFor, discoveryState, issuer, mcpUrl, providerWorld, tokenAnswer } from './support/provider-world.ts'

// What an SDK gives comes back, to a program that was started anew, too.

it('keeps tokens as they are, with the stamp, by issuer, and the last ones for nobody in particular', async () => {
  const { authProvider, options } = providerWorld()
  const one = { ...tokenAnswer('one'), issuer }
  const two = { ...tokenAnswer('two'), issuer: 'https://other.example/' }
  await authProvider.saveTokens(one, { issuer })
  await authProvider.saveTokens(two, { issuer: 'https://other.example/' })
  const again = oauthClientProvider(authFor(), options).authProvider
  expect(await again.tokens()).toEqual(two)
  expect(await again.tokens({ issuer })).toEqual(one)
  expect(await again.tokens({ issuer: 'https://other.example' })).toEqual(two)
  expect(await again.tokens({ issuer: 'https://third.example' })).toBeUndefined()
})

it('says what is left of the time, whatever the answer said once', async () => {
  const world = providerWorld()
  await world.authProvider.saveTokens({ ...tokenAnswer('one'), issuer })
  world.now += 600_000
  const again = oauthClientProvider(authFor(), world.options).authProvider
  expect(await again.tokens()).toEqual({ ...tokenAnswer('one'), expires_in: 3000, issuer })
  // As SDKs do to bind what they find to its issuer: the time goes on.
  await again.saveTokens((await again.tokens()) ?? tokenAnswer('none'))
  world.now += 600_000
  expect((await again.tokens())?.expires_in).toBe(2400)
})

it('keeps a registration as it is, by issuer, until its secret has ended', async () => {
  const world = providerWorld({ client: { name: 'Notes' } })
  const { authProvider } = world
  const secret = testKey.token('client')
  const client = { client_id: 'c1', client_secret: secret, client_secret_expires_at: 1_700_000_100, issuer }
  await authProvider.saveClientInformation?.(client, { issuer })
  const again = oauthClientProvider(authFor(), world.options).authProvider
  expect(await again.clientInformation()).toEqual(client)
  expect(await again.clientInformation({ issuer })).toEqual(client)
  expect(await again.clientInformation({ issuer: 'https://other.example' })).toBeUndefined()
  const elsewhere = { ...world.options, redirectUri: 'https://notes.example/callback' }
  expect(await oauthClientProvider(authFor(), elsewhere).authProvider.clientInformation()).toBeUndefined()
  world.now = 1_700_000_100_000
  expect(await again.clientInformation()).toBeUndefined()
})

it('presents a client that was registered by hand to its own server, and registers no other', async () => {
  const client = { clientId: 'notes', clientSecret: testKey.token('client'), issuer }
  const { authProvider } = providerWorld({ client })
  expect(await authProvider.clientInformation()).toEqual({
    client_id: 'notes',
    client_secret: client.clientSecret,
    issuer,
  })
  expect('saveClientInformation' in authProvider).toBe(false)
})

it('describes the client, and names its document', async () => {
  const { authProvider, fetch } = providerWorld({
    client: { name: 'Notes', uri: 'https://notes.example' },
    scope: 'read',
  })
  expect(authProvider.clientMetadata).toEqual({
    redirect_uris: [authProvider.redirectUrl],
    client_name: 'Notes',
    client_uri: 'https://notes.example',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    scope: 'read',
  })
  await fetch(`${issuer}/.well-known/oauth-authorization-server`).catch(() => undefined)
  const methods = ['client_secret_post', 'private_key_jwt']
  const authorizationServerMetadata = {
    ...discoveryState.authorizationServerMetadata,
    token_endpoint_auth_methods_supported: methods,
  }
  await authProvider.saveDiscoveryState({ ...discoveryState, authorizationServerMetadata })
  expect(authProvider.clientMetadata.token_endpoint_auth_method).toBe('client_secret_post')
  const metadataUrl = 'https://notes.example/client.json'
  expect(providerWorld({ client: { metadataUrl } }).authProvider.clientMetadataUrl).toBe(metadataUrl)
})

it('forgets what it is told to', async () => {
  const { authProvider, fetch } = providerWorld({ client: { name: 'Notes' } })
  await fetch(mcpUrl)
  const fill = async () => {
    await authProvider.saveTokens({ ...tokenAnswer('one'), issuer })
    await authProvider.saveClientInformation?.({ client_id: 'c1', issuer })
    await authProvider.saveDiscoveryState(discoveryState)
  }
  const there = async () =>
    [await authProvider.tokens(), await authProvider.clientInformation(), await authProvider.discoveryState()].map(
      (value) => value !== undefined,
    )
  await fill()
  expect(await there()).toEqual([true, true, true])
  await authProvider.invalidateCredentials('discovery')
  expect(await there()).toEqual([true, true, false])
  await fill()
  await authProvider.invalidateCredentials('verifier')
  expect(await there()).toEqual([true, true, true])
  // A server that refuses the tokens may have been replaced by another.
  await authProvider.invalidateCredentials('tokens')
  expect(await there()).toEqual([false, true, false])
  await fill()
  await authProvider.invalidateCredentials('client')
  expect(await there()).toEqual([true, false, false])
  await fill()
  await authProvider.invalidateCredentials('all')
  expect(await there()).toEqual([false, false, false])
})

it('always names the resource, as it was written', async () => {
  const { validateResourceURL } = providerWorld().authProvider
  expect((await validateResourceURL(mcpUrl))?.href).toBe(mcpUrl)
  // The parser would add a slash, which makes another resource of it.
  expect((await validateResourceURL(mcpUrl, 'https://mcp.acme.example'))?.href).toBe('https://mcp.acme.example')
  for (const other of ['https://mcp.acme.example/mc', 'https://acme.example/mcp', 'mcp'])
    await expect(validateResourceURL(mcpUrl, other)).rejects.toMatchObject({ code: 'discovery_failed' })
})

it.each(['/mcp?x=1', '/mcp#a', '/mcp/', '/mcp//', '/mcp/x', '/?x=1', '/#'])(
  'does not take %s for /mcp',
  async (path) => {
    const { validateResourceURL } = providerWorld().authProvider
    const named = new URL(path, mcpUrl).href
    await expect(validateResourceURL(mcpUrl, named)).rejects.toMatchObject({ code: 'discovery_failed' })
    const withUser = mcpUrl.replace('//', '//a:b@')
    await expect(validateResourceURL(mcpUrl, withUser)).rejects.toMatchObject({ code: 'discovery_failed' })
  },
)

it('leaves the resource out and the scope in where the definition says so', async () => {
  const oauth = {
    grants: ['authorization_code', 'refresh_token'],
    tokenEndpointAuthMethod: 'none',
    omitResourceParameter: true,
    scopeOnRefresh: true,
  } as const
  const { authProvider } = providerWorld({}, { ...acme, oauth })
  await authProvider.saveTokens({ ...tokenAnswer('one'), issuer })
  expect(await authProvider.validateResourceURL(mcpUrl, mcpUrl)).toBeUndefined()
  const params = new URLSearchParams({ grant_type: 'refresh_token', resource: mcpUrl })
  await authProvider.addClientAuthentication(new Headers(), params, `${issuer}/token`)
  expect(Object.fromEntries(params)).toEqual({ grant_type: 'refresh_token', scope: 'read', client_id: 'notes' })
  expect(authProvider.scopeForRefresh({ ...tokenAnswer('one') })).toBe('read')
})

it.each([
  ['store', { store: undefined }],
  ['redirect', { redirect: undefined }],
  ['redirectUri', { redirectUri: 'callback' }],
  ['account', { account: '' }],
  ['privateKey', { client: { clientId: 'a', issuer, privateKey: {} } }],
  ['clientId', { client: { clientId: '' } }],
  ['issuer', { client: { clientId: 'a', clientSecret: testKey.token('client') } }],
])('refuses to be made with an unusable %s', (name, wishes) => {
  expect(() => providerWorld(wishes as never)).toThrow(
    expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(`"${name}"`) }),
  )
})

it('refuses services without MCP, and resources without tokens', () => {
  const { options } = providerWorld()
  expect(() => oauthClientProvider(authFor(pendra), options)).toThrow(/no resource that speaks MCP/)
  expect(() => oauthClientProvider(authFor(pendra), { ...options, resource: 'rest' })).toThrow(
    /no resource "rest"|no access/,
  )
})

it('sends nobody to sign in where a key is configured', async () => {
  const key = testKey.pensyve('own')
  const { options } = providerWorld()
  const { authProvider, fetch } = oauthClientProvider(authFor(pensyve, key), options)
  for (const use of [
    () => authProvider.tokens(),
    () => authProvider.discoveryState(),
    () => fetch(pensyve.resources.mcp.url),
  ]) {
    const failure = await caught(use)
    expect(failure).toMatchObject({ code: 'invalid_option', hint: expect.stringContaining('createTransport') })
    expectNoMarker(failure)
  }
  const broken = oauthClientProvider(authFor(pentographer, 'not a key'), options)
  expect(await caught(broken.authProvider.tokens())).toMatchObject({ code: 'malformed_credential' })
})

it('cannot be used without its fetch', async () => {
  const { authProvider } = providerWorld()
  expect(await caught(authProvider.saveDiscoveryState(discoveryState))).toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining('without its fetch'),
  })
})

it('prints no secret', async () => {
  const { authProvider, fetch, options } = providerWorld({
    client: { clientId: 'notes', clientSecret: testKey.token('client'), issuer },
  })
  await authProvider.saveTokens({ ...tokenAnswer('one'), issuer })
  await authProvider.tokens()
  expectNoMarker(inspect({ authProvider, fetch }, { depth: 9, showHidden: true }))
  expectNoMarker(JSON.stringify({ authProvider }))
  expect(await options.store.keys?.('')).toEqual([`sdk/${encodeURIComponent(mcpUrl)}/default/tokens`])
})
