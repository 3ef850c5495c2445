import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it, vi } from 'vitest'
import { pentauthErrorIn, signInAsError } from '../src/index.ts'
import { both, connect, connectStock, type OfficialClient, stockTransport } from './support/clients.ts'
import { redirectUri, type SmallWorld, smallWorld } from './support/small-world.ts'
import { stockProvider } from './support/stock.ts'

// How many requests things cost, all counted at the servers; the stream that a client opens beside them is not waited for.

const of = (world: SmallWorld) =>
  [...world.server.seen, ...world.home.seen].filter(({ method, path }) => method !== 'GET' || path.startsWith('/.well'))
const named = (world: SmallWorld) =>
  of(world).map(({ method, path, body }) => {
    const { method: rpc } = path === '/mcp' ? JSON.parse(body) : { method: undefined }
    return [method, path, rpc].filter(Boolean).join(' ')
  })
const client0 = { service: ({ home }: { home: string }) => ({ client: { clientId: 'client-0', issuer: home } }) }

describe.each(both)('%s', (kind) => {
  it('from nothing to the first list of tools: 6, and the page that a person sees', async () => {
    const world = await smallWorld(client0)
    await world.signIn({ scope: 'read' })
    const client = await connect(kind, world.auth())
    await client.listTools()
    expect(named(world).sort()).toEqual(
      [
        'GET /.well-known/oauth-protected-resource/mcp',
        'GET /.well-known/oauth-authorization-server',
        'POST /token',
        'POST /mcp initialize',
        'POST /mcp notifications/initialized',
        'POST /mcp tools/list',
      ].sort(),
    )
  })

  it('without a known scope: one more, the question what the server wants', async () => {
    const world = await smallWorld(client0)
    await world.signIn()
    await (await connect(kind, world.auth())).listTools()
    expect(of(world)).toHaveLength(7)
    expect(named(world)).toContain('POST /mcp ping')
  })

  it('by the call that finds nobody signed in: no more than that', async () => {
    const world = await smallWorld(client0)
    const signIn = signInAsError({ ...world.shared, redirectUri })
    const failure = pentauthErrorIn(await caught(connect(kind, world.auth(), { signIn })))
    await failure?.signIn?.complete(world.issuer.approve(failure.signIn.url))
    await (await connect(kind, world.auth(), { signIn })).listTools()
    expect(of(world)).toHaveLength(7)
  })

  it('the twin: the SDK needs more, with the same client', async () => {
    const world = await smallWorld()
    const provider = stockProvider({ client: { client_id: 'client-0' } })
    await caught(connectStock(kind, world.url, { authProvider: provider }))
    const code = world.issuer.approve(provider.pages[0] ?? '').searchParams.get('code') ?? ''
    await stockTransport(kind, world.url, { authProvider: provider }).finishAuth(code)
    await (await connectStock(kind, world.url, { authProvider: provider })).listTools()
    expect(of(world).length).toBeGreaterThan(6)
  })

  describe('a call whose token has expired', () => {
    const cost = async (world: SmallWorld, client: OfficialClient) => {
      const before = of(world).length
      await client.listTools()
      return of(world).length - before
    }

    it('costs 2: a token, and the call', async () => {
      const world = await smallWorld(client0)
      await world.signIn()
      const client = await connect(kind, world.auth())
      for (let times = 0; times < 3; times++) {
        world.clock.now += 7_200_000
        world.issuer.valid.clear()
        expect(await cost(world, client)).toBe(2)
      }
    })

    it('costs 3 where it was ended early, since nobody knows before', async () => {
      const world = await smallWorld(client0)
      await world.signIn()
      const client = await connect(kind, world.auth())
      world.issuer.valid.clear()
      expect(await cost(world, client)).toBe(3)
    })

    it('the twin: the SDK finds out by sending it', async () => {
      const world = await smallWorld()
      const provider = stockProvider({ client: { client_id: 'client-0' }, tokens: world.issuer.issue() })
      const client = await connectStock(kind, world.url, { authProvider: provider })
      // Else its own stream would race the call for the refresh token, and end the sign-in.
      await vi.waitFor(() => expect(world.mcp.streams()).toBe(1), 10_000)
      world.issuer.valid.clear()
      expect(await cost(world, client)).toBeGreaterThan(2)
    })
  })
})
