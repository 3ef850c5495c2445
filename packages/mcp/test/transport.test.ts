import { StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  apiKey,
  clientCredentials,
  createAuth,
  firstOf,
  pendium,
  pensyve,
  pentographer,
  profundis,
  signedIn,
} from '@pentauth/core'
import { signInAt } from '@pentauth/sandbox'
import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { createTransport, mcpService, pentauthErrorIn, signInAsError } from '../src/index.ts'
import { connect, kinds } from './support/clients.ts'
import { officialBy } from './support/official.ts'
import { redirectUri, signInBy } from './support/sign-in.ts'
import { worldOf } from './support/world.ts'

// The official clients by the adapter, at the sandbox's MCP servers, over real HTTP.

describe.each(kinds)('%s', (kind) => {
  it('calls tools with a key, and nobody is asked for metadata', async () => {
    const world = await worldOf(pensyve)
    const { key } = world.sandbox.keys.create('pensyve')
    const client = await connect(kind, world.auth(apiKey(key)))
    expect((await client.listTools()).tools).toHaveLength(9)
    expect(world.requests(/\.well-known|oauth/)).toBe(0)
  })

  it('says that a key was refused, and starts no sign-in', async () => {
    const world = await worldOf(profundis)
    const { key, id } = world.sandbox.keys.create('profundis')
    world.sandbox.keys.revoke('profundis', id)
    const signIn = signInAsError({ ...world.shared, redirectUri })
    const failure = pentauthErrorIn(await caught(connect(kind, world.auth(apiKey(key)), { signIn })))
    expect(failure).toMatchObject({ code: 'credential_refused', service: 'profundis', status: 401 })
    expect(world.requests(/\.well-known|oauth/)).toBe(0)
  })

  it('calls tools with the token of a sign-in', async () => {
    const world = await worldOf(pendium)
    await signInBy(world.service, world.shared)
    const client = await connect(kind, world.auth())
    expect((await client.listTools()).tools.length).toBeGreaterThan(0)
  })

  it('calls tools with the token of a client', async () => {
    const world = await worldOf(pentographer)
    const credential = clientCredentials(world.sandbox.clients.create('pentographer'))
    const client = await connect(kind, world.auth(credential))
    expect((await client.listTools()).tools.length).toBeGreaterThan(0)
  })

  it('carries a sign-in to the host where nobody is signed in, and goes on when it is finished', async () => {
    const world = await worldOf(pensyve)
    const signIn = signInAsError({ ...world.shared, redirectUri, client: { name: 'Test' } })
    const failure = pentauthErrorIn(await caught(connect(kind, world.auth(), { signIn })))
    expect(failure).toMatchObject({ code: 'sign_in_required', service: 'pensyve' })
    const again = pentauthErrorIn(await caught(connect(kind, world.auth(), { signIn })))
    expect(again?.signIn?.url).toBe(failure?.signIn?.url)
    expect(JSON.stringify(failure)).not.toContain('state=')

    await failure?.signIn?.complete(await signInAt(fetch, failure.signIn.url))
    const client = await connect(kind, world.auth(), { signIn })
    expect((await client.listTools()).tools).toHaveLength(9)
  })

  // It waits for five seconds, as the server wishes, whichever client it is.
  it.runIf(kind === 'v2')('carries a code to the host where there is no browser', async () => {
    const world = await worldOf(pensyve, { pensyve: { deviceAuthorization: true } })
    const signIn = signInAsError({ ...world.shared, client: { name: 'Test' } })
    const failure = pentauthErrorIn(await caught(connect(kind, world.auth(), { signIn })))
    expect(failure?.signIn?.userCode).toMatch(/^\w{4}-\w{4}$/)
    await signInAt(fetch, failure?.signIn?.url ?? '')
    await failure?.signIn?.complete()
    const client = await connect(kind, world.auth(), { signIn })
    expect((await client.listTools()).tools).toHaveLength(9)
  })

  it('renews a refused token once for 20 calls', async () => {
    const world = await worldOf(pensyve)
    await signInBy(world.service, world.shared)
    const client = await connect(kind, world.auth())
    world.sandbox.clock.advance(7200_000)
    const before = world.sandbox.tokens.requests('pensyve', 'refresh_token')
    const calls = Array.from({ length: 20 }, () => client.callTool({ name: 'pensyve_status', arguments: {} }))
    expect(await Promise.all(calls)).toHaveLength(20)
    expect(world.sandbox.tokens.requests('pensyve', 'refresh_token') - before).toBe(1)
  })

  it('signs in once more for a scope that a tool needs', async () => {
    const world = await worldOf(pensyve)
    await signInBy(world.service, { ...world.shared, scope: 'mcp:read' })
    const asked: unknown[] = []
    const client = await connect(kind, world.auth(), {
      signIn: async ({ service, challenge, reason }) => {
        asked.push(reason.code)
        await signInBy(service, { ...world.shared, ...(challenge ? { challenge } : {}) })
      },
    })
    const remember = () =>
      client.callTool({ name: 'pensyve_remember', arguments: { entity: 'ada', fact: 'drinks tea', confidence: 1 } })
    expect(await remember()).not.toMatchObject({ isError: true })
    expect(await remember()).not.toMatchObject({ isError: true })
    expect(asked).toEqual(['insufficient_scope'])
  })

  it('signs in once for two transports of one session', async () => {
    const world = await worldOf(pensyve)
    let asked = 0
    const signIn = async () => {
      asked += 1
      await signInBy(world.service, world.shared)
    }
    const auth = world.auth()
    const clients = await Promise.all([connect(kind, auth, { signIn }), connect(kind, auth, { signIn })])
    for (const client of clients) expect((await client.listTools()).tools).toHaveLength(9)
    expect(asked).toBe(1)
  })

  it('waits for no sign-in once it is closed', async () => {
    const world = await worldOf(pensyve)
    let begun: () => void = () => undefined
    const wanted = new Promise<void>((resolve) => {
      begun = resolve
    })
    const signIn = () => {
      begun()
      return new Promise(() => undefined)
    }
    const Transport = kind === 'v1' ? TransportV1 : TransportV2
    const transport = createTransport<{ close(): Promise<void> }, object>(Transport, world.auth(), { signIn })
    const connected = caught(officialBy(kind, transport).connect())
    await wanted
    await transport.close()
    await expect(connected).resolves.toBeInstanceOf(Error)
  })

  it('says that an agent is not yours, and neither renews nor signs in', async () => {
    const world = await worldOf(pendium, { pendium: { agentRefusalOnMcp: 'http-401' } })
    await signInBy(world.service, world.shared)
    const client = await connect(kind, world.auth(), { signIn: () => Promise.reject(new TypeError('not asked')) })
    const asked = () => world.requests(/\.well-known|oauth|token|authorize/)
    const before = asked()
    const call = client.callTool({ name: 'get_report', arguments: { syntheticId: 'contoso-tea' } })
    expect(pentauthErrorIn(await caught(call))).toMatchObject({ code: 'agent_not_accessible', status: 401 })
    expect(asked()).toBe(before)
  })

  it('signs in at a server of which only the address is known', async () => {
    const world = await worldOf(profundis)
    const service = mcpService(world.service.resources.mcp.url, { client: { name: 'Test' } })
    await signInBy(service, world.shared)
    const auth = createAuth(service, { credential: firstOf(signedIn(world.shared)) })
    const client = await connect(kind, auth)
    expect((await client.listTools()).tools.length).toBeGreaterThan(0)
  })
})

it('refuses a resource that is not there', async () => {
  const world = await worldOf(pensyve)
  class Transport {}
  expect(() => createTransport(Transport, world.auth(), { resource: 'tea' })).toThrow(/has no resource "tea"/)
})
