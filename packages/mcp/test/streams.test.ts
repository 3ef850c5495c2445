import { describe, expect, it, vi } from 'vitest'
import { both, connect, type OfficialClient } from './support/clients.ts'
import { type SmallWorld, smallWorld } from './support/small-world.ts'

// Answers that are streams, and the long one by which a server speaks on its own.

/** What the server said by itself, as the client got it. */
function listen(client: OfficialClient): string[] {
  const heard: string[] = []
  client.fallbackNotificationHandler = async ({ params }) => void heard.push((params as { data: string }).data)
  return heard
}

const echo = (client: OfficialClient, text: string) => client.callTool({ name: 'echo', arguments: { text } })
const streamOpen = (world: SmallWorld) => vi.waitFor(() => expect(world.mcp.streams()).toBe(1), 10_000)

describe.each(both)('%s', (kind) => {
  it.each(['json', 'sse'] as const)('reads answers as %s, also those after a renewal', async (answers) => {
    const world = await smallWorld({ answers })
    await world.signIn()
    const client = await connect(kind, world.auth())
    expect((await client.listTools()).tools).toMatchObject([{ name: 'echo' }])
    world.issuer.valid.clear()
    expect(await echo(client, 'tea')).toMatchObject({ content: [{ text: '{"text":"tea"}' }] })
    expect(world.issuer.refreshes()).toBe(1)
  })

  it('an open stream goes on when its token expires, and calls beside it renew', async () => {
    const world = await smallWorld()
    await world.signIn()
    const client = await connect(kind, world.auth())
    const heard = listen(client)
    await streamOpen(world)
    world.mcp.tell('one')
    world.clock.now += 7_200_000
    world.issuer.valid.clear()
    await echo(client, 'tea')
    world.mcp.tell('two')
    await vi.waitFor(() => expect(heard).toEqual(['one', 'two']), 10_000)
    const gets = world.server.at('/mcp').filter(({ method }) => method === 'GET')
    expect([gets.length, world.issuer.refreshes()]).toEqual([1, 1])
  })

  // By the clock it is renewed before the request, early it is refused first.
  it.each([
    ['expired', 7_200_000, [200, 200]],
    ['was revoked early', 0, [200, 401, 200]],
  ] as const)(
    'a stream that is closed because its token %s is opened again with a new one, and misses nothing',
    async (_, passed, statuses) => {
      const world = await smallWorld()
      await world.signIn()
      const client = await connect(kind, world.auth())
      const heard = listen(client)
      await streamOpen(world)
      world.mcp.tell('one')
      await vi.waitFor(() => expect(heard).toEqual(['one']), 10_000)
      world.clock.now += passed
      world.issuer.valid.clear()
      world.mcp.closeStreams()
      // While nobody listens.
      world.mcp.tell('two')
      await streamOpen(world)
      world.mcp.tell('three')
      await vi.waitFor(() => expect(heard).toEqual(['one', 'two', 'three']), 10_000)

      const gets = world.server.at('/mcp').filter(({ method }) => method === 'GET')
      expect(gets.map(({ headers }) => headers.get('last-event-id'))).toEqual(
        statuses.map((_, index) => (index === 0 ? null : '1')),
      )
      expect(new Set(gets.map(({ headers }) => headers.get('authorization'))).size).toBe(2)
      expect(world.issuer.refreshes()).toBe(1)
      expect(world.issuer.forms).toHaveLength(2)
    },
  )

  it('a stream whose session is over says so once, and opens no sign-in by itself', async () => {
    const world = await smallWorld()
    await world.signIn()
    const client = await connect(kind, world.auth())
    const failures: unknown[] = []
    client.onerror = (error) => void failures.push((error as { code?: string }).code)
    await streamOpen(world)
    world.issuer.valid.clear()
    world.issuer.clients.clear()
    world.mcp.closeStreams()
    await vi.waitFor(() => expect(failures).toContain('sign_in_required'), 10_000)
    expect(world.issuer.refreshes()).toBe(1)
  })

  it.each([
    ['', false],
    [', on the older transport', true],
  ])('whoever declines to sign in is not asked again by a stream that tries again, but by a call%s', async (_, sse) => {
    const world = await smallWorld(sse ? { path: '/sse' } : {})
    await world.signIn()
    let asked = 0
    const signIn = () => {
      asked += 1
      return Promise.reject(new RangeError('declined'))
    }
    const client = await connect(kind, world.auth(), { sse, signIn })
    const failures: unknown[] = []
    client.onerror = (error) => void failures.push(error)
    await streamOpen(world)
    world.issuer.valid.clear()
    world.issuer.clients.clear()
    world.mcp.closeStreams()
    await vi.waitFor(() => expect(failures.length).toBeGreaterThan(2), 10_000)
    expect(asked).toBe(1)
    await expect(echo(client, 'tea')).rejects.toThrow('declined')
    expect(asked).toBe(2)
  })

  describe('on the older transport (HTTP with SSE)', () => {
    it('calls tools, and renews', async () => {
      const world = await smallWorld({ path: '/sse' })
      await world.signIn()
      const client = await connect(kind, world.auth(), { sse: true })
      expect((await client.listTools()).tools).toHaveLength(1)
      world.issuer.valid.clear()
      expect(await echo(client, 'tea')).toMatchObject({ content: [{ text: '{"text":"tea"}' }] })
      expect(world.issuer.refreshes()).toBe(1)
    })

    it('a stream that is closed because its token was revoked is opened again', async () => {
      const world = await smallWorld({ path: '/sse' })
      await world.signIn()
      const client = await connect(kind, world.auth(), { sse: true })
      const heard = listen(client)
      world.mcp.tell('one')
      await vi.waitFor(() => expect(heard).toEqual(['one']), 10_000)
      world.issuer.valid.clear()
      world.mcp.closeStreams()
      await streamOpen(world)
      // Here the SDKs do not say what they got last, so that no server can repeat anything.
      world.mcp.tell('two')
      await vi.waitFor(() => expect(heard).toEqual(['one', 'two']), 10_000)
      expect(world.issuer.refreshes()).toBe(1)
    })

    it('says that somebody has to sign in', async () => {
      const world = await smallWorld({ path: '/sse' })
      await expect(connect(kind, world.auth(), { sse: true })).rejects.toMatchObject({ code: 'sign_in_required' })
    })
  })
})
