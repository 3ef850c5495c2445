import {
  Client as ClientV2,
  SSEClientTransport as SseTransportV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport as SseTransportV1 } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { Auth } from '@pentauth/core'
import { createTransport, type TransportOptions } from '../../src/index.ts'

// The official clients, without a test around them: processes of their own use them, too.

/** v1, v2 with `initialize`, v2 on the revision without it, and v2 that finds out. */
export const kinds = ['v1', 'v2', 'v2, 2026-07-28', 'v2, auto'] as const
export type Kind = (typeof kinds)[number]

/** One of each SDK, for servers of the revisions with `initialize`. */
export const both = ['v1', 'v2'] as const

/** What the tests use of an official client. */
export interface OfficialClient {
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<object>
  close(): Promise<void>
  onerror?: ((error: Error) => void) | undefined
  /** Told of what the server says by itself. */
  fallbackNotificationHandler?: ((notification: { method: string; params?: unknown }) => Promise<void>) | undefined
}

export interface ConnectOptions extends TransportOptions<object> {
  /** The older of the two HTTP transports. */
  readonly sse?: boolean
}

/** A client, and what connects it. */
export interface Official {
  readonly client: OfficialClient
  readonly connect: () => Promise<OfficialClient>
}

/** An official client by the adapter. */
export function official(kind: Kind, auth: Auth, { sse = false, ...options }: ConnectOptions = {}): Official {
  const [Http, Sse] = kind === 'v1' ? [TransportV1, SseTransportV1] : [TransportV2, SseTransportV2]
  return officialBy(kind, createTransport<object, object>(sse ? Sse : Http, auth, options))
}

/** An official client with a transport of its SDK. */
export function officialBy(kind: Kind, transport: object): Official {
  const info = { name: 'test', version: '1.0.0' }
  const mode = kind === 'v2' ? 'legacy' : kind === 'v2, auto' ? 'auto' : { pin: '2026-07-28' }
  const client = kind === 'v1' ? new ClientV1(info) : new ClientV2(info, { versionNegotiation: { mode } as never })
  return {
    client: client as OfficialClient,
    // The transports of v1 do not fit its own interface under exactOptionalPropertyTypes.
    connect: () => client.connect(transport as Transport).then(() => client as OfficialClient),
  }
}

export interface StockTransport {
  finishAuth(code: string): Promise<void>
}

/** The transport as the SDK's own documents use it. */
export function stockTransport(kind: Kind, url: string, options: object): StockTransport {
  const Stock = kind === 'v1' ? TransportV1 : TransportV2
  return new (Stock as unknown as new (url: URL, options: object) => StockTransport)(new URL(url), options)
}
