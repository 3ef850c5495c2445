import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A request as a server saw it. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Headers
  readonly body: string
}

/** Answers a request, or says that it is not its own. */
export type Handler = (seen: Seen, response: ServerResponse, origin: string) => unknown

export interface TestServer {
  readonly origin: string
  readonly seen: Seen[]
  /** What it got at a path. */
  at(path: string): Seen[]
}

/** What a handler returns for what is not its own. */
export const notMine: unique symbol = Symbol('not mine')

/** A real server on this machine, closed after the test, which keeps every request; the first handler that has an answer gives it. */
export async function serve(...handlers: Handler[]): Promise<TestServer> {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    const body = await readBody(request).catch(() => undefined)
    if (body === undefined) return response.destroy()
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', origin)
    const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const one = { method: request.method ?? '', path, query, headers, body }
    seen.push(one)
    for (const handler of handlers) if ((await handler(one, response, origin)) !== notMine) return
    response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  return { origin, seen, at: (path) => seen.filter((one) => one.path === path) }
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
