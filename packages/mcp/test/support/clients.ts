import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { Auth } from '@pentauth/core'
import { onTestFinished } from 'vitest'
import { createTransport, type TransportOptions } from '../../src/index.ts'

/** The official clients: v1, v2 with `initialize`, v2 on the revision without it, and v2 that finds out. */
export const kinds = ['v1', 'v2', 'v2, 2026-07-28', 'v2, auto'] as const
export type Kind = (typeof kinds)[number]

/** What the tests use of an official client. */
export interface OfficialClient {
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<object>
  close(): Promise<void>
}

type Options = Pick<TransportOptions<object>, 'resource' | 'signIn'>

const info = { name: 'test', version: '1.0.0' }

/** Connects an official client by the adapter. */
export async function connect(kind: Kind, auth: Auth, options: Options = {}): Promise<OfficialClient> {
  if (kind === 'v1') {
    const client = new ClientV1(info)
    onTestFinished(() => client.close())
    // Its transport does not fit its own interface under exactOptionalPropertyTypes.
    await client.connect(createTransport(TransportV1, auth, options) as unknown as Transport)
    return client
  }
  const mode = kind === 'v2' ? 'legacy' : kind === 'v2, auto' ? 'auto' : { pin: '2026-07-28' }
  const client = new ClientV2(info, { versionNegotiation: { mode } })
  onTestFinished(() => client.close())
  await client.connect(createTransport(TransportV2, auth, options))
  return client
}
