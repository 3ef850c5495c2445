import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { signInAt } from '@pentauth/sandbox'
import { onTestFinished } from 'vitest'
import { type OAuthClientConnection, type OAuthClientProviderOptions, oauthClientProvider } from '../../src/index.ts'
import type { OfficialClient } from './clients.ts'
import { redirectUri } from './sign-in.ts'
import type { World } from './world.ts'

/** The official clients with their own sign-in. */
export const versions = ['v1', 'v2'] as const
export type Version = (typeof versions)[number]

type Wishes = Partial<OAuthClientProviderOptions>

/** A provider as a host has it, and the pages that it sent the person to. */
export interface Host extends OAuthClientConnection {
  readonly pages: URL[]
  /** A client on a stock transport; without `fetch` the SDK uses its own. */
  client(version: Version, options?: TransportWishes): StockClient
  /** Connects; where a sign-in is wanted, somebody signs in. */
  signedIn(version: Version, options?: TransportWishes): Promise<OfficialClient>
}

export interface TransportWishes {
  readonly fetch?: undefined
  readonly authProvider?: OAuthClientConnection['authProvider']
  readonly requestInit?: RequestInit
  readonly url?: string
}

export interface StockClient extends OfficialClient {
  connect(): Promise<void>
  finishAuth(callback: URLSearchParams): Promise<void>
}

export function hostOf(world: World<string>, wishes: Wishes = {}): Host {
  const pages: URL[] = []
  const connection = oauthClientProvider(world.auth(), {
    ...world.shared,
    redirectUri,
    redirect: (page) => void pages.push(page),
    client: { name: 'Test' },
    ...wishes,
  })
  const { authProvider, fetch, callback } = connection
  const mcpUrl = Object.values<{ url: string; protocol: string }>(world.service.resources).find(
    ({ protocol }) => protocol === 'mcp',
  )?.url
  const client: Host['client'] = (version, options = {}) => {
    const given = { authProvider, fetch, ...options } as { authProvider: typeof authProvider; fetch: typeof fetch }
    const url = new URL(options.url ?? mcpUrl ?? '')
    const info = { name: 'test', version: '1.0.0' }
    if (version === 'v1') {
      const transport = new TransportV1(url, given)
      const made = new ClientV1(info)
      onTestFinished(() => made.close())
      return Object.assign(made as unknown as OfficialClient, {
        connect: () => ClientV1.prototype.connect.call(made, transport as unknown as Transport),
        finishAuth: (params: URLSearchParams) => transport.finishAuth(params.get('code') ?? ''),
      })
    }
    const transport = new TransportV2(url, given)
    const made = new ClientV2(info)
    onTestFinished(() => made.close())
    return Object.assign(made as unknown as OfficialClient, {
      connect: () => ClientV2.prototype.connect.call(made, transport),
      finishAuth: (params: URLSearchParams) => transport.finishAuth(params),
    })
  }
  return {
    ...connection,
    pages,
    client,
    async signedIn(version, options) {
      const first = client(version, options)
      const before = pages.length
      const failure = await first.connect().catch((error: unknown) => error)
      const page = pages[before]
      if (!page) {
        if (failure) throw failure
        return first
      }
      await first.finishAuth(await callback(await signInAt(globalThis.fetch, page)))
      const second = client(version, options)
      await second.connect()
      return second
    },
  }
}
