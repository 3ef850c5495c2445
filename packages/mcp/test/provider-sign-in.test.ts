import { createHash } from 'node:crypto'
import { pensyve, profundis } from '@pentauth/core'
import { signInAt } from '@pentauth/sandbox'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { type OAuthClientConnection, oauthClientProvider } from '../src/index.ts'
import { hostOf, versions } from './support/provider.ts'
import {
  authFor,
  discoveryState,
  issuer,
  mcpUrl,
  providerWorld,
  serverMetadata,
  tokenAnswer,
} from './support/provider-world.ts'
import { redirectUri } from './support/sign-in.ts'
import { worldOf } from './support/world.ts'

// The way to the authorization server and back: nobody signs in as somebody else.

/** What an SDK does to send a person to sign in. */
async function begin(
  { authProvider, fetch }: OAuthClientConnection,
  verifier: string,
  scope = 'read',
): Promise<string> {
  await fetch(mcpUrl)
  await authProvider.saveDiscoveryState(discoveryState)
  const state = await authProvider.state()
  const code_challenge = createHash('sha256').update(verifier).digest('base64url')
  await authProvider.saveCodeVerifier(verifier)
  await authProvider.redirectToAuthorization(
    new URL(`${issuer}/authorize?${new URLSearchParams({ state, code_challenge, scope })}`),
  )
  return state
}

const one = testKey.token('verifier-one')
const two = testKey.token('verifier-two')
const code = testKey.token('code')
const back = (params: object) => `${redirectUri}?${new URLSearchParams({ code, ...params })}`
const invalid = { code: 'sign_in_response_invalid' }

it('gives the parameters of a genuine callback, and the verifier of its sign-in', async () => {
  const world = providerWorld()
  const first = await begin(world, one)
  const second = await begin(world, two, 'write')
  expect(first).not.toBe(second)
  expect(world.pages.map(({ searchParams }) => searchParams.get('state'))).toEqual([first, second])
  const params = await world.callback(back({ state: first, iss: issuer }))
  expect(Object.fromEntries(params)).toEqual({ code, state: first, iss: issuer })
  expect(await world.authProvider.codeVerifier()).toBe(one)
  // As often as the SDK asks, until it has tokens.
  expect(await world.authProvider.codeVerifier()).toBe(one)
  await world.authProvider.saveTokens({ ...tokenAnswer('one'), issuer })
  expect(await caught(world.authProvider.codeVerifier())).toMatchObject(invalid)
  await world.callback({ url: `/callback?${new URLSearchParams({ code, state: second })}` })
  expect(await world.authProvider.codeVerifier()).toBe(two)
})

it.each([
  ['of another sign-in', () => ({ state: 'other' }), /No sign-in with its state/],
  ['without a state', () => ({}), /No sign-in with its state/],
  ['of another server', (state: string) => ({ state, iss: 'https://evil.example' }), /Another server issued it/],
  ['without a code', (state: string) => ({ state, code: '' }), /holds no code/],
])('takes no callback %s', async (_, params, message) => {
  const world = providerWorld()
  const state = await begin(world, one)
  const failure = await caught(world.callback(back(params(state))))
  expect(failure).toMatchObject({ ...invalid, message: expect.stringMatching(message) })
  expectNoMarker(failure)
  expect(await caught(world.authProvider.codeVerifier())).toMatchObject(invalid)
  // The person's own answer still counts.
  await world.callback(back({ state }))
})

it('takes no callback twice, with anything twice, or too late', async () => {
  const world = providerWorld()
  const state = await begin(world, one)
  expect(await caught(world.callback(`${back({ state })}&code=b`))).toMatchObject(invalid)
  await world.callback(back({ state }))
  expect(await caught(world.callback(back({ state })))).toMatchObject(invalid)
  world.now += 3_000
  const later = await begin(world, two)
  world.now += 600_000
  expect(await caught(world.callback(back({ state: later })))).toMatchObject(invalid)
})

it('wants the issuer where the server says that it tells it', async () => {
  const world = providerWorld()
  await world.fetch(mcpUrl)
  const authorizationServerMetadata = { ...serverMetadata, authorization_response_iss_parameter_supported: true }
  const state = await begin(world, one)
  await world.authProvider.saveDiscoveryState({ ...discoveryState, authorizationServerMetadata })
  world.now += 3_000
  const told = await world.authProvider.state()
  await world.authProvider.saveCodeVerifier(two)
  const code_challenge = createHash('sha256').update(two).digest('base64url')
  await world.authProvider.redirectToAuthorization(
    new URL(`${issuer}/authorize?${new URLSearchParams({ state: told, code_challenge })}`),
  )
  expect(await caught(world.callback(back({ state: told })))).toMatchObject(invalid)
  await world.callback(back({ state: told, iss: issuer }))
  await world.callback(back({ state }))
})

it.each([
  ['access_denied', 'sign_in_failed', 'It was declined.'],
  ['invalid_scope', 'sign_in_failed', 'does not give the requested scope'],
  ['made_up', 'sign_in_failed', 'gave a reason of its own'],
  ['server_error', 'temporarily_unavailable', 'cannot sign anybody in now'],
])('says what %s means, in words of ours', async (error, kind, words) => {
  const world = providerWorld()
  const state = await begin(world, one)
  const callback = `${redirectUri}?${new URLSearchParams({ state, error, error_description: testKey.token('said') })}`
  const failure = await caught(world.callback(callback))
  expect(failure).toMatchObject({ code: kind, message: expect.stringContaining(words) })
  expectNoMarker(failure)
})

it('goes on in a program that was started anew, with the server that the person was sent to', async () => {
  const world = providerWorld()
  const state = await begin(world, one)
  await world.authProvider.invalidateCredentials('discovery')
  const again = oauthClientProvider(authFor(), world.options)
  await again.callback(back({ state, iss: issuer }))
  expect(await again.authProvider.codeVerifier()).toBe(one)
  expect(await again.authProvider.discoveryState()).toEqual(discoveryState)
  // The way back needs it, whatever the answer to the code is.
  await again.authProvider.invalidateCredentials('tokens')
  expect(await again.authProvider.discoveryState()).toEqual(discoveryState)
})

it('sends one person once for calls that need the same sign-in', async () => {
  const world = providerWorld()
  const states = await Promise.all([begin(world, one), begin(world, two)])
  expect(world.pages).toHaveLength(1)
  const sent = world.pages[0]?.searchParams.get('state') ?? ''
  expect(states).toContain(sent)
  world.now += 3_000
  await begin(world, one)
  expect(world.pages).toHaveLength(2)
  await world.callback(back({ state: sent }))
})

it('leaves the check to hosts that say so', async () => {
  const world = providerWorld({ dangerouslyAllowUncheckedCallbacks: true })
  await begin(world, one)
  expect(await world.authProvider.codeVerifier()).toBe(one)
})

it('sends nobody anywhere without a verifier of its own', async () => {
  const world = providerWorld()
  const page = new URL(`${issuer}/authorize?state=a&code_challenge=b`)
  expect(await caught(world.authProvider.redirectToAuthorization(page))).toMatchObject(invalid)
  expect(world.pages).toEqual([])
})

describe.each(versions)('%s', (version) => {
  it('cannot finish a sign-in that nobody has checked', async () => {
    const world = await worldOf(pensyve)
    const host = hostOf(world)
    const client = host.client(version)
    await caught(client.connect())
    const answer = new URL(await signInAt(fetch, host.pages[0] as URL)).searchParams
    expect(await caught(client.finishAuth(answer))).toMatchObject(invalid)
    await client.finishAuth(await host.callback(answer))
    await host.client(version).connect()
  })

  it('signs in where no metadata names the resource, and names it', async () => {
    const world = await worldOf(pensyve)
    world.sandbox.faults.add({ service: 'pensyve', path: /oauth-protected-resource/, status: 404 })
    const bodies: string[] = []
    const host = hostOf(world, {
      runtime: {
        fetch: (input, init) => {
          if (init?.body instanceof URLSearchParams) bodies.push(String(init.body))
          return fetch(input, init)
        },
      },
    })
    const { mcp } = world.service.resources
    await host.signedIn(version)
    const resource = mcp.audience ?? mcp.url
    expect(host.pages[0]?.searchParams.get('resource')).toBe(resource)
    expect(bodies.map((body) => new URLSearchParams(body).get('resource'))).toEqual([resource])
  })

  it('refuses a server that does not say how it checks PKCE', async () => {
    const world = await worldOf(pensyve)
    const path = /oauth-authorization-server|openid-configuration/
    const issuerHere = world.origins['https://mcp.pensyve.com'] ?? ''
    const body = { ...serverMetadata, issuer: issuerHere, code_challenge_methods_supported: undefined }
    world.sandbox.faults.add({ service: 'pensyve', path, status: 200, body })
    const host = hostOf(world)
    expect(await caught(host.client(version).connect())).toMatchObject({ code: 'discovery_failed' })
    expect(host.pages).toEqual([])
  })

  it('keeps what is sent to the MCP server from the authorization server', async () => {
    const world = await worldOf(profundis)
    const host = hostOf(world)
    const secrets = { authorization: `Bearer ${testKey.token('static')}`, 'x-api-key': testKey.token('key') }
    const told = () =>
      world.sandbox.journal.entries.filter(
        ({ url, headers }) =>
          !url.startsWith(new URL(profundis.resources.mcp.url).origin) && headers.includes('x-api-key'),
      ).length
    await caught(host.client(version, { requestInit: { headers: secrets } }).connect())
    expect(host.pages).toHaveLength(1)
    expect(world.requests(/oauth-authorization-server|register/)).toBeGreaterThan(1)
    expect(told()).toBe(0)
    // The SDK's own fetch tells.
    const alone = hostOf(world, { account: 'alone' })
    await caught(alone.client(version, { requestInit: { headers: secrets }, fetch: undefined }).connect())
    expect(told()).toBeGreaterThan(0)
    expect(alone.pages).toEqual([])
  })
})
