import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/** A request that it got. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** The JSON-RPC method, where there is one. */
  readonly rpc: string | undefined
}

/** A small MCP server by hand: without credentials, with sessions, and with a switch for whatever goes wrong. */
export interface SmallServer {
  readonly url: string
  readonly origin: string
  readonly asked: readonly Asked[]
  /** How often it was asked that. */
  times(rpc: string): number
  /** Forgets all sessions, as after a restart. */
  forget(): void
  /** Nothing listens at its port. */
  stop(): Promise<void>
  startAgain(): Promise<void>
  /** Says something of its own on every stream, and returns on how many. */
  tell(data: string): number
  /** Answers in the place of everything else, where it answers at all. */
  instead: ((asked: Asked, response: ServerResponse) => boolean) | undefined
}

export async function smallServer(kind: 'http' | 'sse' = 'http'): Promise<SmallServer> {
  const asked: Asked[] = []
  const streams = new Set<ServerResponse>()
  const sockets = new Set<Socket>()
  let sessions = new Set<string>()
  let begun = 0
  let server: Server
  let port = 0

  const listen = () =>
    new Promise<void>((resolve) => {
      server = createServer((request, response) => void answer(request, response))
      server.on('connection', (socket) => {
        sockets.add(socket)
        socket.on('close', () => sockets.delete(socket))
      })
      server.listen(port, '127.0.0.1', () => {
        port = (server.address() as AddressInfo).port
        resolve()
      })
    })
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request)
    const message = body === '' ? {} : JSON.parse(body)
    const path = request.url ?? ''
    const one = { method: request.method ?? '', path, headers: request.headers, rpc: message.method }
    asked.push(one)
    if (self.instead?.(one, response)) return
    if (kind === 'sse') return older(one, message, response)
    const session = request.headers['mcp-session-id']
    if (message.method === 'initialize') {
      begun += 1
      sessions.add(`session-${begun}`)
      response.setHeader('mcp-session-id', `session-${begun}`)
    } else if (!sessions.has(String(session))) {
      return json(response, 404, { jsonrpc: '2.0', id: null, error: { code: -32_001, message: 'Session not found' } })
    }
    if (one.method === 'DELETE') return response.writeHead(200).end()
    if (one.method === 'GET') return open(response)
    if (message.id === undefined || message.method === undefined) return response.writeHead(202).end()
    json(response, 200, resultOf(message))
  }

  const older = ({ method, path }: Asked, message: { id?: unknown }, response: ServerResponse) => {
    if (path === '/sse' && method === 'GET') {
      open(response)
      return response.write('event: endpoint\ndata: /messages?session=1\n\n')
    }
    if (!path.startsWith('/messages')) return response.writeHead(405).end()
    response.writeHead(202).end()
    if (message.id !== undefined)
      for (const stream of streams) stream.write(`data: ${JSON.stringify(resultOf(message))}\n\n`)
  }

  const open = (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    streams.add(response)
    response.on('close', () => streams.delete(response))
  }

  await listen()
  onTestFinished(() => stop())
  const origin = `http://127.0.0.1:${port}`
  const self: SmallServer = {
    url: `${origin}/${kind === 'sse' ? 'sse' : 'mcp'}`,
    origin,
    asked,
    instead: undefined,
    times: (rpc) => asked.filter((one) => one.rpc === rpc).length,
    forget: () => {
      sessions = new Set()
    },
    stop,
    startAgain: listen,
    tell(data) {
      const message = { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data } }
      for (const stream of streams) stream.write(`data: ${JSON.stringify(message)}\n\n`)
      return streams.size
    },
  }
  return self
}

function resultOf({
  id,
  method,
  params = {},
}: {
  id?: unknown
  method?: string
  params?: Record<string, unknown>
}): object {
  const named = (name: string) => ({ name, inputSchema: { type: 'object' } })
  const results: Record<string, object> = {
    initialize: {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {}, logging: {} },
      serverInfo: { name: 'small', version: '1.0.0' },
    },
    'tools/list': { tools: ['echo', 'delete_all', 'delete_one'].map(named) },
    'tools/call': { content: [{ type: 'text', text: (params.arguments as { text?: string })?.text ?? '' }] },
  }
  return { jsonrpc: '2.0', id, result: results[method ?? ''] ?? {} }
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
