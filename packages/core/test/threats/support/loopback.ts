import dns from 'node:dns'
import { createServer, connect as net, type Server, type Socket } from 'node:net'
import tls from 'node:tls'
import { generate } from 'selfsigned'
import { afterAll, beforeAll } from 'vitest'

// Real sockets under names that no machine resolves: every name of a test file leads to this machine, and nothing leaves it.

/** One request as its bytes came over the wire. */
export interface Raw {
  readonly path: string
  readonly bytes: string
}

export interface RawServer {
  readonly port: number
  readonly seen: Raw[]
  /** What is answered; the whole text of an HTTP response. */
  answer: (request: Raw) => string
}

/** Names lead to 127.0.0.1, and our certificate is trusted, as long as the tests of a file run. */
export function insideLoopback(): { readonly open: () => Promise<RawServer> } {
  const lookup = dns.lookup
  const connect = tls.connect
  const servers: Server[] = []
  const sockets = new Set<Socket>()
  let certificate: { key: string; cert: string }

  beforeAll(async () => {
    const altNames = ['localhost', '*.localhost', 'elsewhere.test'].map((value) => ({ type: 2 as const, value }))
    const made = await generate([{ name: 'commonName', value: 'localhost' }], {
      keySize: 2048,
      extensions: [
        { name: 'basicConstraints', cA: true },
        { name: 'subjectAltName', altNames },
      ],
    })
    certificate = { key: made.private, cert: made.cert }
    // The platform's fetch looks both up on these objects at each connection.
    dns.lookup = ((_name: string, options: { all?: boolean }, done: (...args: unknown[]) => void) =>
      options.all
        ? done(null, [{ address: '127.0.0.1', family: 4 }])
        : done(null, '127.0.0.1', 4)) as unknown as typeof dns.lookup
    tls.connect = ((options: tls.ConnectionOptions, ...rest: []) =>
      connect({ ...options, ca: made.cert }, ...rest)) as typeof tls.connect
  })
  afterAll(() => {
    dns.lookup = lookup
    tls.connect = connect
    for (const socket of sockets) socket.destroy()
    for (const server of servers) server.close()
  })

  return {
    /** A server that speaks http and https on one port, so that a URL can change in its scheme alone. */
    async open() {
      const handle: RawServer = { port: 0, seen: [], answer: () => 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n' }
      const secure = await listening(tls.createServer(certificate, (socket) => converse(socket, handle)))
      const plain = createServer((socket) => {
        sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => undefined))
        socket.once('data', (first) => {
          // A TLS connection begins with a handshake record.
          if (first[0] !== 22) return converse(socket, handle, first)
          const inner = net(portOf(secure), '127.0.0.1').on('error', () => undefined)
          inner.write(first)
          socket.pipe(inner).pipe(socket)
        })
      })
      servers.push(secure, await listening(plain))
      return Object.assign(handle, { port: portOf(plain) })
    },
  }
}

async function listening<T extends Server>(server: T): Promise<T> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

const portOf = (server: Server) => (server.address() as { port: number }).port

function converse(socket: Socket, server: RawServer, first?: Buffer): void {
  let bytes = ''
  const take = (chunk: Buffer) => {
    bytes += chunk.toString('latin1')
    const end = bytes.indexOf('\r\n\r\n')
    if (end < 0) return
    const length = Number(/^content-length: *(\d+)/im.exec(bytes.slice(0, end))?.[1] ?? 0)
    if (bytes.length < end + 4 + length) return
    const request = { path: bytes.split(' ', 2)[1] ?? '', bytes }
    bytes = ''
    server.seen.push(request)
    socket.end(server.answer(request).replace('\r\n', '\r\nconnection: close\r\n'))
  }
  socket.on('error', () => undefined)
  socket.on('data', take)
  if (first) take(first)
}
