import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isDroppedConnection, type Sandbox } from './sandbox.ts'
import { SandboxError } from './sandbox-error.ts'
import { facts } from './service-facts.ts'
import type { ServiceName } from './service-name.ts'

/** Where the sandbox listens. */
export interface ListenOptions {
  /** A loopback address (default `127.0.0.1`). */
  readonly host?: string | undefined
  /** The first port; each further origin, or service, gets the next one (default 0: any free ports). */
  readonly port?: number | undefined
  /**
   * Serves all documented origins of a service on one port, for programs that have one base URL for each service
   * (default false: one port for each origin). A request goes to the origin that has an operation for its method and path.
   */
  readonly onePortPerService?: boolean | undefined
  /**
   * Lets `host` be an address that other machines reach. Anyone there can then use the sandbox and, through it, see what
   * your programs send: never with a real credential in use.
   */
  readonly dangerouslyListenBeyondLoopback?: boolean | undefined
}

/** A sandbox that listens. */
export interface SandboxServer extends AsyncDisposable {
  /** Documented origin to local origin, such as `https://pendium.ai` to `http://127.0.0.1:4100`. */
  readonly origins: Readonly<Record<string, string>>
  /** Service to local origin, such as for `PENSYVE_BASE_URL`: all of a service with `onePortPerService`, else where its first origin is. */
  readonly baseUrls: Readonly<Record<ServiceName, string>>
  /** Stops listening and ends connections that are open. */
  close(): Promise<void>
}

/** More than a test has to send; without a limit one upload could take all memory. */
const largestBody = 10 * 1024 * 1024

const loopback = new Set(['127.0.0.1', '::1', 'localhost'])

/**
 * Serves the sandbox over HTTP on this machine, one port for each documented origin or service, so that any program can call it.
 *
 * @throws {SandboxError} `host_not_loopback`, `listen_failed` (its `cause` says why)
 * @example
 * const server = await listen(sandbox)
 * await fetch(`${server.origins['https://api.pensyve.com']}/v1/health`)
 * await server.close()
 */
export async function listen(sandbox: Sandbox, options: ListenOptions = {}): Promise<SandboxServer> {
  const { host = '127.0.0.1', port = 0 } = options
  if (!loopback.has(host) && options.dangerouslyListenBeyondLoopback !== true) throw notLoopback(host)
  const servers: Server[] = []
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(closeServer))
  }
  const origins: Record<string, string> = {}
  try {
    for (const [index, served] of portsOf(sandbox, options).entries()) {
      const [origin = ''] = served
      const server = createServer(
        (incoming, outgoing) => void answer({ sandbox, origin, origins, host }, incoming, outgoing),
      )
      servers.push(server)
      const bound = await bind(server, host, port === 0 ? 0 : port + index)
      for (const one of served) origins[one] = `http://${inUrl(host)}:${bound}`
    }
  } catch (cause) {
    await close()
    throw new SandboxError({
      code: 'listen_failed',
      message: `The sandbox could not listen on ${host}, port ${port}.`,
      hint: 'Another program may have one of the ports; port 0 takes free ones.',
      cause,
    })
  }
  const named = Object.values(facts).map(({ name, origins: [first = ''] }) => [name, origins[first]])
  return { origins, baseUrls: Object.fromEntries(named), close, [Symbol.asyncDispose]: close }
}

/** The documented origins behind each port. */
function portsOf({ origins }: Sandbox, { onePortPerService = false }: ListenOptions): readonly (readonly string[])[] {
  if (!onePortPerService) return origins.map((origin) => [origin])
  const services = Object.values(facts).map((service) => service.origins)
  const others = origins.filter((origin) => !services.flat().includes(origin))
  return [...services, ...others.map((origin) => [origin])]
}

/** One port, and what stands behind it. */
interface Port {
  readonly sandbox: Sandbox
  /** The first of the origins that it serves. */
  readonly origin: string
  /** All of them: a client that asks one port is told of others. */
  readonly origins: Readonly<Record<string, string>>
  readonly host: string
}

async function answer(
  { sandbox, origin, origins, host }: Port,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  // A page that points a name of its own at this machine must not reach the sandbox through the visitor's browser.
  if (!isOwnHost(incoming, host)) {
    outgoing.writeHead(403, { 'content-type': 'text/plain' }).end('This host name is not allowed.')
    return
  }
  const left = new AbortController()
  outgoing.once('close', () => left.abort())
  try {
    const body = await bodyOf(incoming)
    if (body === undefined) {
      outgoing.writeHead(413, { 'content-type': 'text/plain' }).end('The sandbox takes bodies of 10 MiB at most.')
      return
    }
    const response = await sandbox.fetch(requestOf(incoming, origin, body, left.signal), {
      origins: asCalled(incoming, origins),
    })
    outgoing.writeHead(response.status, headersOf(response))
    if (response.body === null) outgoing.end()
    // `pipeline` stops reading when the client goes away, so an endless stream does not go on for nobody.
    else await pipeline(Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]), outgoing)
  } catch (error) {
    if (isDroppedConnection(error) || left.signal.aborted || outgoing.headersSent) incoming.socket.destroy()
    else outgoing.writeHead(500, { 'content-type': 'text/plain' }).end('The sandbox failed on this request.')
  }
}

/** The whole body, or undefined if it is too large; what is left of it is then read and thrown away. */
async function bodyOf(incoming: IncomingMessage): Promise<Buffer | undefined> {
  // Read to its end before anything is answered: what a refusal left unread would block the connection's next request.
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > largestBody) break
    chunks.push(chunk)
  }
  if (size <= largestBody) return Buffer.concat(chunks)
  incoming.resume()
  return undefined
}

function requestOf(incoming: IncomingMessage, origin: string, body: Buffer, signal: AbortSignal): Request {
  const headers = new Headers()
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    // Of this connection, not of the request.
    if (name === 'host' || name === 'connection' || name === 'transfer-encoding') continue
    for (const value of values ?? []) headers.append(name, value)
  }
  const method = incoming.method ?? 'GET'
  // The path is joined, not resolved: "//elsewhere/" must stay a path of this origin.
  const url = origin + (incoming.url?.startsWith('/') ? incoming.url : '/')
  const bare = method === 'GET' || method === 'HEAD' || body.length === 0
  return new Request(url, { method, headers, signal, ...(bare ? {} : { body: new Uint8Array(body) }) })
}

function headersOf(response: Response): Record<string, string | string[]> {
  const cookies = response.headers.getSetCookie()
  return { ...Object.fromEntries(response.headers), ...(cookies.length === 0 ? {} : { 'set-cookie': cookies }) }
}

// A client that calls the sandbox `localhost` must be told of `localhost`: metadata names the address that was asked.
function asCalled(incoming: IncomingMessage, origins: Readonly<Record<string, string>>): Record<string, string> {
  const name = (incoming.headers.host ?? '').toLowerCase().replace(/:\d+$/, '')
  return Object.fromEntries(
    Object.entries(origins).map(([origin, local]) => [origin, `http://${name}:${new URL(local).port}`]),
  )
}

function isOwnHost(incoming: IncomingMessage, host: string): boolean {
  const port = incoming.socket.localPort
  // Beyond loopback the address that was called is one of our own too: an address cannot be pointed elsewhere.
  const called = incoming.socket.localAddress?.replace(/^::ffff:/, '') ?? host
  const asked = incoming.headers.host?.toLowerCase()
  return ['127.0.0.1', 'localhost', '::1', host, called].some((name) => asked === `${inUrl(name)}:${port}`)
}

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

const notLoopback = (host: string): SandboxError =>
  new SandboxError({
    code: 'host_not_loopback',
    message: `The sandbox listens on loopback only, and ${JSON.stringify(host)} is not loopback.`,
    hint: 'Use 127.0.0.1, or say dangerouslyListenBeyondLoopback: true if other machines are meant to reach it.',
  })
