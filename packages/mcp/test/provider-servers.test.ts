import { StreamableHTTPClientTransport as HttpV2, SSEClientTransport as SseV2 } from '@modelcontextprotocol/client'
import { SSEClientTransport as SseV1 } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it, onTestFinished } from 'vitest'
import { oauthClientProvider } from '../src/index.ts'
import { both, type Kind, type OfficialClient, officialBy } from './support/official.ts'
import { redirectUri, type SmallWorld, smallWorld } from './support/small-world.ts'

// Our provider on stock transports, at servers that are not as usual.

function hostOf(world: SmallWorld, kind: Kind, sse = false) {
  const pages: URL[] = []
  const session = oauthClientProvider(world.auth(), {
    ...world.shared,
    redirectUri,
    redirect: (page) => void pages.push(page),
    client: { name: 'Test' },
  })
  const [Http, Sse] = kind === 'v1' ? [HttpV1, SseV1] : [HttpV2, SseV2]
  const Transport = (sse ? Sse : Http) as unknown as new (url: URL, options: object) => object
  const open = () => {
    const transport = new Transport(new URL(world.url), { ...session }) as {
      finishAuth(code: unknown): Promise<void>
    }
    const { client, connect } = officialBy(kind, transport)
    onTestFinished(() => client.close())
    return { client, connect, transport }
  }
  return {
    pages,
    open,
    /** Signs in at the page that was opened last, and connects. */
    async signedIn(approve: SmallWorld['issuer']['approve']): Promise<OfficialClient> {
      const { transport } = open()
      const params = await session.callback(approve(pages.at(-1) ?? ''))
      await transport.finishAuth(kind === 'v1' ? params.get('code') : params)
      return open().connect()
    },
  }
}

const echo = (client: OfficialClient) => client.callTool({ name: 'echo', arguments: { text: 'tea' } })

describe.each(both)('%s', (kind) => {
  it('signs in and renews on the older transport (HTTP with SSE)', async () => {
    const world = await smallWorld({ path: '/sse' })
    const host = hostOf(world, kind, true)
    await caught(host.open().connect())
    expect(host.pages).toHaveLength(1)
    const client = await host.signedIn(world.issuer.approve)
    expect((await client.listTools()).tools).toHaveLength(1)
    world.issuer.valid.clear()
    await Promise.all(Array.from({ length: 10 }, () => echo(client)))
    expect(world.issuer.refreshes()).toBe(1)
    expect(host.pages).toHaveLength(1)
  })

  it.each(['goes on renewing', 'refuses'])('finds the new authorization server where the old one %s', async (fate) => {
    const world = await smallWorld()
    const host = hostOf(world, kind)
    await caught(host.open().connect())
    const client = await host.signedIn(world.issuer.approve)
    await echo(client)
    const { issuer, home } = await world.move()
    if (fate === 'refuses') world.issuer.clients.clear()
    world.clock.now += 10_000
    await caught(echo(client))
    // The SDK of v1 gives a transport up that was refused after a renewal.
    if (fate === 'goes on renewing') await caught(host.open().connect())
    expect(host.pages.map(({ origin }) => origin)).toEqual([world.home.origin, home.origin])
    const next = await host.signedIn(issuer.approve)
    await echo(next)
    expect(home.at('/register')).toHaveLength(1)
    expect(issuer.refreshes()).toBe(0)
  })
})
