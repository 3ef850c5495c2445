import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Certificate } from './certificates.ts'

/** A forward proxy as companies have them: it opens tunnels, and sees every byte that goes through. */
export interface ForwardProxy {
  readonly port: number
  /** What was asked for with CONNECT. */
  readonly tunnels: string[]
  /** The Proxy-Authorization header of each. */
  readonly authorizations: (string | undefined)[]
  /** Everything a client sent through the tunnels. */
  readonly seen: () => string
  /** Requests that were sent to the proxy itself, in clear. */
  readonly plain: string[]
}

/** Tunnels whatever is asked for to that port of this machine; with a status, refuses everything with it. */
export async function forwardProxy(target: number, status = 200): Promise<ForwardProxy> {
  const tunnels: string[] = []
  const authorizations: (string | undefined)[] = []
  const plain: string[] = []
  const chunks: Buffer[] = []
  const server = createServer(({ url }, response) => {
    plain.push(String(url))
    response.writeHead(502).end()
  })
  server.on('connect', ({ url, headers }: IncomingMessage, client: Socket) => {
    tunnels.push(String(url))
    authorizations.push(headers['proxy-authorization'])
    client.on('error', () => undefined)
    if (status !== 200) return client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)
    const far = connect(target, '127.0.0.1').on('error', () => client.destroy())
    client.on('data', (chunk: Buffer) => void chunks.push(chunk))
    client.write('HTTP/1.1 200 OK\r\n\r\n')
    client.pipe(far).pipe(client)
  })
  const seen = () => Buffer.concat(chunks).toString('latin1')
  return { port: await listening(server), tunnels, authorizations, seen, plain }
}

/** A service behind TLS that answers with the headers it was sent. */
export async function secureServer(certificate: Certificate): Promise<{ port: number; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const server = createSecureServer(certificate, (request, response) => {
    requests.push(request)
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end('{"data":[]}')
  })
  return { port: await listening(server), requests }
}

/** A port of this machine where nothing listens any more. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  const port = await listening(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

export async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
