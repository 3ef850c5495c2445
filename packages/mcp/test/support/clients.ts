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
import { onTestFinished } from 'vitest'
import { createTransport, type TransportOptions } from '../../src/index.ts'

/** The official clients: v1, v2 with `initialize`, v2 on the revision without it, and v2 that finds out. */
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

type Options = Pick<TransportOptions<object>, 'resource' | 'signIn'>

export interface ConnectOptions extends Options {
  /** The older of the two HTTP transports. */
  readonly sse?: boolean
}

/** Connects an official client by the adapter. */
export async function connect(
  kind: Kind,
  auth: Auth,
  { sse = false, ...options }: ConnectOptions = {},
): Promise<OfficialClient> {
  if (kind === 'v1')
    return connectBy(kind, createTransport<object, object>(sse ? SseTransportV1 : TransportV1, auth, options))
  return connectBy(kind, createTransport<object, object>(sse ? SseTransportV2 : TransportV2, auth, options))
}

/** Connects an official client by a transport as its SDK has it. */
export async function connectStock(
  kind: Kind,
  url: string,
  options: { readonly authProvider?: object; readonly fetch?: object; readonly requestInit?: object },
): Promise<OfficialClient> {
  return connectBy(kind, stockTransport(kind, url, options))
}

export function stockTransport(kind: Kind, url: string, options: object): StockTransport {
  const Stock = (kind === 'v1' ? TransportV1 : TransportV2) as unknown as new (
    url: URL,
    options: object,
  ) => StockTransport
  return new Stock(new URL(url), options)
}

export interface StockTransport {
  finishAuth(code: string): Promise<void>
}

export async function connectBy(kind: Kind, transport: object): Promise<OfficialClient> {
  const info = { name: 'test', version: '1.0.0' }
  const mode = kind === 'v2' ? 'legacy' : kind === 'v2, auto' ? 'auto' : { pin: '2026-07-28' }
  const client = kind === 'v1' ? new ClientV1(info) : new ClientV2(info, { versionNegotiation: { mode } as never })
  onTestFinished(() => client.close())
  // The transports of v1 do not fit its own interface under exactOptionalPropertyTypes.
  await client.connect(transport as Transport)
  return client as OfficialClient
}
