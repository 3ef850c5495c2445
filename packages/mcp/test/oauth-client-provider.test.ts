import { pensyve } from '@pentauth/core'
import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { pentauthErrorIn } from '../src/index.ts'
import { hostOf, versions } from './support/provider.ts'
import { worldOf } from './support/world.ts'

// Stock transports of the official SDKs with our provider and its fetch, at the sandbox's servers, over real HTTP.

const status = { name: 'pensyve_status', arguments: {} }
const hour = 3_600_000

describe.each(versions)('%s', (version) => {
  it('signs in by the SDK, with state, resource and PKCE', async () => {
    const world = await worldOf(pensyve)
    const host = hostOf(world)
    const client = await host.signedIn(version)
    expect((await client.listTools()).tools).toHaveLength(9)
    expect(host.pages).toHaveLength(1)
    const { searchParams } = host.pages[0] as URL
    expect(searchParams.get('state')).toMatch(/^[\w-]{32}$/)
    expect(searchParams.get('resource')).toBe(world.service.resources.mcp.audience ?? world.service.resources.mcp.url)
    expect(searchParams.get('code_challenge_method')).toBe('S256')
  })

  it('renews a refused token once for 20 calls, where refresh tokens work once', async () => {
    const world = await worldOf(pensyve, { pensyve: { refreshRotation: 'strict' } })
    const host = hostOf(world, { runtime: {} })
    const client = await host.signedIn(version)
    // The clock of the server alone: the provider does not know.
    world.sandbox.clock.advance(2 * hour)
    const calls = Array.from({ length: 20 }, () => client.callTool(status))
    expect(await Promise.all(calls)).toHaveLength(20)
    expect(world.sandbox.tokens.requests('pensyve', 'refresh_token')).toBe(1)
    expect(host.pages).toHaveLength(1)
  })

  it('renews an expired token before it is sent', async () => {
    const world = await worldOf(pensyve, { pensyve: { refreshRotation: 'strict' } })
    const client = await hostOf(world).signedIn(version)
    world.sandbox.clock.advance(2 * hour)
    const before = world.sandbox.journal.entries.length
    const calls = Array.from({ length: 20 }, () => client.callTool(status))
    expect(await Promise.all(calls)).toHaveLength(20)
    const asked = world.sandbox.journal.entries.slice(before).filter(({ method }) => method === 'POST')
    expect(asked.map((entry) => entry.status)).toEqual(Array(21).fill(200))
    expect(world.sandbox.tokens.requests('pensyve', 'refresh_token')).toBe(1)
  })

  it('opens no browser for a server in trouble', async () => {
    const world = await worldOf(pensyve)
    const host = hostOf(world)
    const client = await host.signedIn(version)
    world.sandbox.clock.advance(2 * hour)
    const fault = { service: 'pensyve', path: '/oauth/token', status: 503, headers: { 'retry-after': '7' } } as const
    world.sandbox.faults.add(fault)
    const failures = await Promise.all(Array.from({ length: 5 }, () => caught(client.callTool(status))))
    for (const failure of failures)
      expect(pentauthErrorIn(failure)).toMatchObject({ code: 'temporarily_unavailable', status: 503, retryAfter: 7 })
    expect(host.pages).toHaveLength(1)
    world.sandbox.faults.clear()
    world.sandbox.clock.advance(8_000)
    await client.callTool(status)
    expect(host.pages).toHaveLength(1)
  })
})
