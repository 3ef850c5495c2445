// What a runtime under test talks to: the page and the bundle, servers for those that cannot listen, sandboxes, and the
// place where it leaves the outcomes.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestOutcome } from '../inside/run.ts'
import { createSandboxes } from './sandboxes.ts'

export interface Relay {
  readonly origin: string
  readonly outcomes: Promise<readonly TestOutcome[]>
  close(): Promise<void>
}

interface Told {
  readonly id: number
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
  readonly then: 'write' | 'end' | 'destroy'
}

/** @param code the bundle, for runtimes that fetch it */
export async function startRelay(code: string): Promise<Relay> {
  const servers = new Map<number, Server>()
  const waiting = new Map<number, ServerResponse>()
  const sandboxes = createSandboxes()
  let requests: ServerResponse | undefined
  let count = 0
  let settle: { resolve(outcomes: readonly TestOutcome[]): void; reject(error: Error): void } | undefined
  const outcomes = new Promise<readonly TestOutcome[]>((resolve, reject) => {
    settle = { resolve, reject }
  })
  outcomes.catch(() => undefined)

  /** A server of a test: its requests go to the runtime, and come back as answers. */
  const listenFor = async () => {
    count += 1
    const server = count
    const real = createServer(async (request, response) => {
      if (answeredPreflight(request, response)) return
      const body = (await bodyOf(request)).toString('base64')
      count += 1
      waiting.set(count, response)
      const { method, url, headers } = request
      requests?.write(`${JSON.stringify({ server, id: count, method, url, headers, body })}\n`)
    })
    servers.set(server, real)
    return { id: server, port: await portOf(real) }
  }

  const told: Readonly<Record<string, (about: never, response: ServerResponse) => unknown>> = {
    listen: listenFor,
    requests(_about, response) {
      requests = response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      requests.flushHeaders()
      return requests
    },
    answer({ id, status, headers, body, then }: Told) {
      const response = waiting.get(id)
      if (then === 'destroy') return void response?.destroy()
      if (response?.headersSent === false) response.writeHead(status, headers)
      response?.[then](body)
    },
    async close({ id }: Pick<Told, 'id'>) {
      await closed(servers.get(id))
      servers.delete(id)
    },
    outcomes: (all: readonly TestOutcome[]) => settle?.resolve(all),
    failed: (why: string) => settle?.reject(new Error(why)),
    sandbox: (call: never) => sandboxes.call(call),
  }

  const control = createServer(async (request, response) => {
    const path = (request.url ?? '/').slice(1)
    if (request.method === 'GET') return void sendFile(response, path, code)
    try {
      const answer = await told[path]?.(JSON.parse((await bodyOf(request)).toString()) as never, response)
      if (answer !== response) response.end(JSON.stringify(answer ?? null))
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  })
  return {
    origin: `http://127.0.0.1:${await portOf(control)}`,
    outcomes,
    async close() {
      settle?.reject(new Error('it ended before its tests did'))
      await Promise.all([control, ...servers.values()].map(closed))
      await sandboxes.close()
    },
  }
}

/** Allows every page what a service with an open door allows; where they come from is not what these tests are about. */
function answeredPreflight(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.headers.origin === undefined) return false
  response.setHeader('access-control-allow-origin', '*')
  response.setHeader('access-control-expose-headers', '*')
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false
  response.setHeader('access-control-allow-methods', request.headers['access-control-request-method'])
  response.setHeader('access-control-allow-headers', request.headers['access-control-request-headers'] ?? '')
  response.writeHead(204).end()
  return true
}

const page = `<!doctype html><title>Pentauth</title><script type="module">
const fail = (why) => fetch('/failed', { method: 'POST', body: JSON.stringify(String(why?.stack ?? why)) })
import('/tests.mjs').catch(fail)
</script>`

function sendFile(response: ServerResponse, path: string, code: string): void {
  if (path === 'tests.mjs') response.writeHead(200, { 'content-type': 'text/javascript' }).end(code)
  else if (path === '') response.writeHead(200, { 'content-type': 'text/html' }).end(page)
  else response.writeHead(404).end()
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function closed(server: Server | undefined): Promise<void> {
  if (server === undefined) return
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
