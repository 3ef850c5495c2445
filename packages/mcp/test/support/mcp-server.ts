import type { ServerResponse } from 'node:http'
import { type Handler, json, notMine, type Seen } from './server.ts'

export interface McpServerOptions {
  /** Whether a request may pass; what it returns else is the answer's status and headers. */
  readonly guard: (seen: Seen, origin: string) => Refusal | undefined
  /** Where its authorization server is; no metadata where there is none. */
  readonly issuer: () => string | undefined
  readonly answers: 'json' | 'sse'
  readonly path: '/mcp' | '/sse'
  /** Where its metadata is. */
  readonly metadata: string
}

export interface Refusal {
  readonly status: number
  readonly challenge?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** A small MCP server by hand, of the revisions with `initialize`; it keeps the messages of its stream, and replays what was missed. */
export interface McpServer {
  readonly handler: Handler
  /** Sends a message of its own. */
  tell(text: string): void
  /** Closes the streams as a server does whose caller's token has ended. */
  closeStreams(): void
  /** How many streams are open. */
  streams(): number
  /** Calls of tools that it answered. */
  readonly calls: string[]
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Record<string, unknown>
}

export function mcpServer({ guard, issuer, answers, path, metadata }: McpServerOptions): McpServer {
  const streams = new Set<ServerResponse>()
  const told: string[] = []
  const event = (data: unknown, id?: number) =>
    `event: message\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`
  const notification = (text: string) => ({
    jsonrpc: '2.0',
    method: 'notifications/message',
    params: { level: 'info', data: text },
  })

  const self: McpServer = {
    calls: [],
    streams: () => streams.size,
    closeStreams() {
      for (const stream of streams) stream.end()
      streams.clear()
    },
    tell(text) {
      told.push(text)
      for (const stream of streams) stream.write(event(notification(text), told.length))
    },
    handler(seen, response, origin) {
      if (seen.path === metadata) {
        const home = issuer()
        if (home === undefined) return notMine
        return json(response, 200, { resource: `${origin}${path}`, authorization_servers: [home] })
      }
      if (!seen.path.startsWith(path) && seen.path !== '/messages') return notMine
      const refusal = guard(seen, origin)
      if (refusal) {
        const { status, challenge, headers, body = { error: 'unauthorized' } } = refusal
        return json(response, status, body, {
          ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
          ...headers,
        })
      }
      if (seen.method === 'GET') return open(seen, response)
      if (seen.method === 'DELETE') return response.writeHead(200).end()
      const message: Message = JSON.parse(seen.body)
      const result = resultOf(message)
      const body = { jsonrpc: '2.0', id: message.id, ...result }
      if (seen.path === '/messages') {
        // The answer comes on the stream.
        response.writeHead(202).end()
        if (result) for (const stream of streams) stream.write(event(body))
        return undefined
      }
      if (!result) return response.writeHead(202).end()
      if (answers === 'json') return json(response, 200, body)
      return response.writeHead(200, { 'content-type': 'text/event-stream' }).end(event(body))
    },
  }

  /** A stream begins with what was missed; at the older transport, with where to send messages to. */
  const open = (seen: Seen, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(
      seen.path === '/sse'
        ? `retry: 5\nevent: endpoint\ndata: /messages\n\n`
        : `retry: 5\nid: ${told.length}\ndata: \n\n`,
    )
    const missed = seen.headers.get('last-event-id')
    if (missed !== null)
      for (const [index, text] of told.entries())
        if (index >= Number(missed)) response.write(event(notification(text), index + 1))
    streams.add(response)
    response.on('close', () => streams.delete(response))
  }

  const resultOf = ({ id, method, params = {} }: Message): object | undefined => {
    if (id === undefined) return undefined
    if (method === 'initialize') {
      const { protocolVersion } = params
      const capabilities = { tools: {}, logging: {} }
      return { result: { protocolVersion, capabilities, serverInfo: { name: 'small', version: '1.0.0' } } }
    }
    if (method === 'ping') return { result: {} }
    if (method === 'tools/list') return { result: { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] } }
    if (method === 'tools/call') {
      const text = JSON.stringify(params.arguments ?? {})
      self.calls.push(text)
      return { result: { content: [{ type: 'text', text }] } }
    }
    return { error: { code: -32601, message: 'Method not found' } }
  }
  return self
}
