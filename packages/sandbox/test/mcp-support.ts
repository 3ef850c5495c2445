import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { setupServer } from 'msw/node'
import type { Sandbox } from '../src/index.ts'
import { handlers } from '../src/msw.ts'
import { listen } from '../src/server.ts'

/** The official clients: v2 with `initialize`, v2 on the revision without it, and v1. */
export const kinds = ['v2', 'v2, 2026-07-28', 'v1'] as const
export type Kind = (typeof kinds)[number]

/** How a client reaches the sandbox. */
export const ways = ['over HTTP', 'in process', 'on MSW'] as const
export type Way = (typeof ways)[number]

/** Every client over every way. */
export const table: readonly { readonly way: Way; readonly kind: Kind }[] = ways.flatMap((way) =>
  kinds.map((kind) => ({ way, kind })),
)

export interface Answer {
  readonly text: string
  readonly isError: boolean
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on it.
  readonly json: any
}

export interface Connected extends AsyncDisposable {
  readonly server: { readonly name: string; readonly version: string } | undefined
  tools(): Promise<string[]>
  call(name: string, args?: Record<string, unknown>): Promise<Answer>
}

export interface Reached extends AsyncDisposable {
  /** The URL to give to a client for a documented one. */
  at(url: string): URL
  readonly fetch: Sandbox['fetch'] | undefined
}

/** Makes a sandbox reachable; in process the documented URLs are called, with its `fetch`. */
export async function reach(sandbox: Sandbox, way: Way): Promise<Reached> {
  if (way === 'in process') {
    return { at: (url) => new URL(url), fetch: sandbox.fetch, [Symbol.asyncDispose]: async () => undefined }
  }
  if (way === 'on MSW') {
    const msw = setupServer(...handlers(sandbox))
    msw.listen({ onUnhandledFrame: 'error' })
    return { at: (url) => new URL(url), fetch: undefined, [Symbol.asyncDispose]: async () => msw.close() }
  }
  const server = await listen(sandbox)
  return {
    at(url) {
      const { origin, pathname } = new URL(url)
      return new URL(pathname, server.origins[origin])
    },
    fetch: undefined,
    [Symbol.asyncDispose]: server.close,
  }
}

/** Connects an official client, with what it needs to be let in. */
export async function connect(kind: Kind, to: Reached, url: string, token: string): Promise<Connected> {
  const options = {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
    ...(to.fetch === undefined ? {} : { fetch: to.fetch }),
  }
  const info = { name: 'test', version: '1.0.0' }
  if (kind === 'v1') {
    const client = new ClientV1(info)
    // Its transport does not fit its own interface under exactOptionalPropertyTypes.
    await client.connect(new TransportV1(to.at(url), options) as unknown as Transport)
    return connected(client, client.getServerVersion())
  }
  const client = new Client(info, { versionNegotiation: { mode: kind === 'v2' ? 'legacy' : { pin: '2026-07-28' } } })
  await client.connect(new StreamableHTTPClientTransport(to.at(url), options))
  return connected(client, client.getServerVersion())
}

interface OfficialClient {
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<object>
  close(): Promise<void>
}

function connected(client: OfficialClient, server: Connected['server']): Connected {
  return {
    server,
    async tools() {
      const { tools } = await client.listTools()
      return tools.map(({ name }) => name)
    },
    async call(name, args = {}) {
      const result = await client.callTool({ name, arguments: args })
      const { content, isError = false } = result as { content: { type: string; text: string }[]; isError?: boolean }
      const text = content[0]?.text ?? ''
      return { text, isError, json: parsed(text) }
    },
    [Symbol.asyncDispose]: () => client.close(),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What a client sends, for tests of single requests. */
export function post(token: string | undefined, method: string, params: object = {}): RequestInit {
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  }
}

/** A call of a tool, as a single request. */
export function toolCall(token: string | undefined, name: string, args: object = {}): RequestInit {
  return post(token, 'tools/call', { name, arguments: args })
}

export const mcpUrls = {
  pendium: 'https://pendium.ai/mcp',
  pensyve: 'https://mcp.pensyve.com/mcp',
  profundis: 'https://mcp.profundis.io/',
  pentographer: 'https://app.pentographer.com/api/mcp',
} as const
