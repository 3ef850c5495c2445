import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'

/** A request as a server saw it. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface TestServer {
  readonly origin: string
  readonly port: number
  readonly seen: Seen[]
}

export type Answer = (response: ServerResponse, seen: Seen, server: TestServer) => unknown

const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

/** A real server on this machine, closed after the test; it keeps every request. */
export async function serve(answer: Answer = (response) => response.end('{}')): Promise<TestServer> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    readBody(request).then(
      async (body) => {
        const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
        seen.push(one)
        await answer(response, one, handle)
      },
      () => response.destroy(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const handle: TestServer = { origin: `http://127.0.0.1:${port}`, port, seen }
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  return handle
}

/** An answer in JSON. */
export function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
