import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PentauthError, type Service } from '@pentauth/core'
import { builtin } from './builtin.ts'
import type { CallbackAddress } from './callback-address.ts'
import { type CallbackOutcome, callbackHeaders, callbackPage } from './callback-page.ts'
import { verdictOn } from './callback-request.ts'

/** A person's browser that is back, and waits to be told what came of it. */
export interface Arrival {
  readonly url: URL
  /** Shows the outcome; resolves when the page has been sent, or nobody is there any more. */
  answer(outcome: 'signed_in' | 'failed'): Promise<void>
}

export interface CallbackListener {
  readonly redirectUri: string
  readonly port: number
  /** The one answer to the sign-in with that state. */
  arrivalFor(state: string): Promise<Arrival>
  /** Frees the port; pages that are on their way are given a moment. */
  close(): Promise<void>
}

/** Milliseconds: for the whole of a request, and for an answer to reach its browser. */
const requestTime = 10_000
const answerTime = 1_000
/** How often another free port is tried, where one is free for one address of this machine only. */
const mostPorts = 20

/**
 * Listens on this machine for the one answer to a sign-in (RFC 8252 section 7.3).
 *
 * Nothing but the sign-in's own state changes anything, and no answer holds a part of a request.
 *
 * @throws PentauthError `sign_in_failed` when somebody else has the port, `invalid_option` for one that this user may not have.
 */
export async function listenForCallback(service: Service, wanted: CallbackAddress): Promise<CallbackListener> {
  const always = callbackHeaders()
  const waiting: { state?: string; came?: (arrival: Arrival) => void; isAnswered: boolean } = { isAnswered: false }
  let address = wanted
  const send = (response: ServerResponse, status: number, page?: CallbackOutcome, more = {}) => {
    response.writeHead(status, { ...always, ...more })
    response.end(page && callbackPage(page, service.name))
  }
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const verdict = verdictOn(request, { address, ...waiting })
    if (!verdict.answer) return send(response, verdict.status, verdict.page, verdict.headers)
    waiting.isAnswered = true
    const answer = (outcome: 'signed_in' | 'failed') => {
      const sent = closed(response)
      send(response, outcome === 'signed_in' ? 200 : 400, outcome)
      return sent
    }
    waiting.came?.({ url: verdict.answer, answer })
  }

  const servers = await listening(wanted, onRequest).catch((error: unknown) => {
    throw notListening(service, wanted, error)
  })
  const port = portOf(servers[0])
  address = { ...wanted, port }
  return {
    redirectUri: `http://${wanted.host}:${port}${wanted.path}`,
    port,
    arrivalFor: (state) =>
      new Promise((came) => {
        Object.assign(waiting, { state, came })
      }),
    close: async () => void (await Promise.all(servers.map(close))),
  }
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** Servers on the addresses of this machine, on one port; the version of IP that the address is not written in may be missing. */
async function listening({ host, port }: CallbackAddress, onRequest: Handler): Promise<readonly [Server, ...Server[]]> {
  const [own, other] = host === '[::1]' ? ['::1', '127.0.0.1'] : ['127.0.0.1', '::1']
  for (let attempt = 1; ; attempt++) {
    const first = await bound(onRequest, own as string, port)
    try {
      return [first, await bound(onRequest, other as string, portOf(first))]
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return [first]
      await close(first)
      if (port !== 0 || code !== 'EADDRINUSE' || attempt === mostPorts) throw error
    }
  }
}

function bound(onRequest: Handler, host: string, port: number): Promise<Server> {
  // Somebody who sends slowly, or without end, is given up; nobody else waits for them.
  const limits = { requestTimeout: requestTime, headersTimeout: requestTime, connectionsCheckingInterval: 1_000 }
  const server = builtin('node:http').createServer({ ...limits, maxHeaderSize: 16_384, keepAliveTimeout: 1 }, onRequest)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // Exclusive: the workers of a cluster share no port with it.
    server.listen({ host, port, exclusive: true }, () => {
      server.removeListener('error', reject)
      // Such as no file left for another connection: this one goes on.
      server.on('error', () => undefined)
      resolve(server)
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    // Browsers keep connections that they have not used yet.
    server.closeAllConnections()
  })
}

/** The end of an answer: its connection is closed by then, or has had its time. */
function closed(response: ServerResponse): Promise<void> {
  const { socket } = response
  if (!socket || socket.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, answerTime)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function notListening(service: Service, { host, port }: CallbackAddress, error: unknown): PentauthError {
  const { code = 'unknown' } = error as NodeJS.ErrnoException
  const isTaken = code === 'EADDRINUSE'
  const where = port === 0 ? `any port of ${host}` : `port ${port} of ${host}`
  return new PentauthError({
    code: isTaken ? 'sign_in_failed' : 'invalid_option',
    message: isTaken
      ? `Nobody can come back from the sign-in to ${service.name}: ${where} is taken (${code}).`
      : `Nobody can come back from the sign-in to ${service.name}: this program may not listen on ${where} (${code}).`,
    service: service.id,
    hint: isTaken
      ? 'Another program has it, maybe a sign-in that still waits. End that one, or choose another port: where the server takes any, leave "port" out.'
      : 'Choose a port above 1023, or leave "port" out for any free one.',
  })
}
