import { memoryLock, memoryStore, pendium, pensyve, type Store } from '@pentauth/core'
import { signInAt } from '@pentauth/sandbox'
import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { pentauthErrorIn } from '../src/index.ts'
import { hostOf, versions } from './support/provider.ts'
import { redirectUri } from './support/sign-in.ts'
import { worldOf } from './support/world.ts'

// One renewal for N calls of stock SDKs, however their refusals come in, and no sign-in that is not needed.

const status = { name: 'pensyve_status', arguments: {} }
const hour = 3_600_000
const strict = { pensyve: { refreshRotation: 'strict' } } as const

describe.each(versions)('%s', (version) => {
  it('renews once for calls whose refusals come one after the other', async () => {
    const world = await worldOf(pensyve, strict)
    const host = hostOf(world, { runtime: {} })
    const client = await host.signedIn(version)
    world.sandbox.clock.advance(2 * hour)
    world.sandbox.faults.add({ service: 'pensyve', path: '/oauth/token', delay: 30 })
    const calls: Promise<object>[] = []
    for (let n = 0; n < 20; n++) {
      calls.push(client.callTool(status))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(await Promise.all(calls)).toHaveLength(20)
    expect(world.sandbox.tokens.requests('pensyve', 'refresh_token')).toBe(1)
  })

  it('renews once for two processes that share a store', async () => {
    const world = await worldOf(pensyve, strict)
    const values = memoryStore()
    const withLock = memoryLock()
    // Two objects, as two processes have them.
    const view = (): Store => ({ get: values.get, set: values.set, delete: values.delete, withLock })
    const clients = [
      await hostOf(world, { store: view(), runtime: {} }).signedIn(version),
      await hostOf(world, { store: view(), runtime: {} }).signedIn(version),
    ]
    world.sandbox.clock.advance(2 * hour)
    const calls = clients.flatMap((client) => Array.from({ length: 5 }, () => client.callTool(status)))
    expect(await Promise.all(calls)).toHaveLength(10)
    expect(world.sandbox.tokens.requests('pensyve', 'refresh_token')).toBe(1)
  })

  it('renews again when the new token is refused, too', async () => {
    const world = await worldOf(pensyve, strict)
    const client = await hostOf(world, { runtime: {} }).signedIn(version)
    for (let n = 1; n < 3; n++) {
      world.sandbox.clock.advance(2 * hour)
      await client.callTool(status)
      expect(world.sandbox.tokens.requests('pensyve', 'refresh_token')).toBe(n)
    }
  })

  it('sends the person once where the session has ended, and keeps the next one', async () => {
    const world = await worldOf(pensyve, strict)
    const host = hostOf(world, { runtime: {} })
    const client = await host.signedIn(version)
    world.sandbox.clock.advance(2 * hour)
    world.sandbox.faults.add({
      service: 'pensyve',
      path: '/oauth/token',
      status: 400,
      body: { error: 'invalid_grant' },
    })
    const failures = await Promise.all(Array.from({ length: 20 }, () => caught(client.callTool(status))))
    expect(failures.map((failure) => (failure as Error).constructor.name)).toEqual(Array(20).fill('UnauthorizedError'))
    expect(host.pages).toHaveLength(2)
    expect(await host.authProvider.tokens()).toBeUndefined()
    world.sandbox.faults.clear()
    const next = host.client(version)
    await next.finishAuth(await host.callback(await signInAt(fetch, host.pages[1] as URL)))
    await next.connect()
    await next.callTool(status)
    expect(host.pages).toHaveLength(2)
  })

  it('registers once more where the server has forgotten the client', async () => {
    const world = await worldOf(pensyve, strict)
    const host = hostOf(world, { runtime: {} })
    const client = await host.signedIn(version)
    const { client_id: before } = (await host.authProvider.clientInformation()) ?? {}
    world.sandbox.clients.delete(before ?? '')
    world.sandbox.clock.advance(2 * hour)
    const registrations = world.requests(/register/)
    await Promise.all(Array.from({ length: 20 }, () => caught(client.callTool(status))))
    expect(world.sandbox.tokens.requests('pensyve', 'refresh_token')).toBe(1)
    expect(world.requests(/register/) - registrations).toBe(1)
    expect(host.pages).toHaveLength(2)
    const next = host.client(version)
    await next.finishAuth(await host.callback(await signInAt(fetch, host.pages[1] as URL)))
    await next.connect()
    await next.callTool(status)
    expect((await host.authProvider.clientInformation())?.client_id).not.toBe(before)
  })

  it('goes on in memory where the store takes nothing', async () => {
    const world = await worldOf(pensyve, strict)
    const values = memoryStore()
    let isFull = false
    const store: Store = {
      ...values,
      set: async (key, value) => {
        if (isFull) throw new TypeError('disk full')
        await values.set(key, value)
      },
    }
    const host = hostOf(world, { store, runtime: {} })
    const client = await host.signedIn(version)
    isFull = true
    for (let n = 0; n < 2; n++) {
      world.sandbox.clock.advance(2 * hour)
      await client.callTool(status)
    }
    expect(host.pages).toHaveLength(1)
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'session_not_saved', account: 'default' }))
    isFull = false
    await client.callTool(status)
    expect(
      JSON.stringify(await values.get((await values.keys?.('sdk/'))?.find((key) => key.endsWith('/tokens')) ?? '')),
    ).toContain((await host.authProvider.tokens())?.access_token)
  })

  it.each([{ status: 429 }, { drop: true }] as const)('opens no browser after %o', async (effect) => {
    const world = await worldOf(pensyve, strict)
    const host = hostOf(world, { runtime: {} })
    const client = await host.signedIn(version)
    world.sandbox.clock.advance(2 * hour)
    world.sandbox.faults.add({ service: 'pensyve', path: '/oauth/token', ...effect })
    const failure = pentauthErrorIn(await caught(client.callTool(status)))
    expect(failure).toMatchObject({ code: 'temporarily_unavailable', retryable: true })
    expect(host.pages).toHaveLength(1)
  })

  it('takes a refusal of something else for what it is', async () => {
    const world = await worldOf(pendium, { pendium: { agentRefusalOnMcp: 'http-401' } })
    const host = hostOf(world)
    const client = await host.signedIn(version)
    const before = world.requests(/token/)
    const call = client.callTool({ name: 'get_report', arguments: { syntheticId: 'contoso-tea' } })
    expect(pentauthErrorIn(await caught(call))).toMatchObject({ code: 'agent_not_accessible' })
    expect(world.requests(/token/)).toBe(before)
    expect(host.pages).toHaveLength(1)
  })

  it('asks the person for a scope that no renewal gives, beside those there are', async () => {
    const world = await worldOf(pensyve, strict)
    const { clientId } = world.sandbox.clients.register('pensyve', { redirectUris: [redirectUri] })
    const host = hostOf(world, { client: { clientId } })
    const { authProvider } = host
    const narrow = Object.create(authProvider, {
      redirectToAuthorization: {
        value: (page: URL) => {
          if (host.pages.length === 0) page.searchParams.set('scope', 'mcp:read')
          return authProvider.redirectToAuthorization(page)
        },
      },
    })
    const client = await host.signedIn(version, { authProvider: narrow })
    expect((await authProvider.tokens())?.scope).toBe('mcp:read')
    world.sandbox.clock.advance(5_000)
    const tool = { name: 'pensyve_remember', arguments: { entity: 'ada', fact: 'drinks tea', confidence: 1 } }
    await caught(client.callTool(tool))
    expect(world.sandbox.tokens.requests('pensyve', 'refresh_token')).toBe(0)
    expect(host.pages[1]?.searchParams.get('scope')?.split(' ').sort()).toEqual(['mcp:read', 'mcp:write'])
  })
})
