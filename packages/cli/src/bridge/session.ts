import { randomUUID } from 'node:crypto'
import type { Connection, SendOptions } from './connection.ts'
import {
  type Answer,
  type Id,
  isAnswer,
  type Message,
  type Notification,
  type Request,
  type RpcError,
} from './message.ts'
import type { Wire } from './wire.ts'

/** The client's session at the server, which outlives those that the server forgets. */
export interface Session {
  /** Sends a message; where the server has forgotten the session, begins a new one and sends it again. */
  send(message: Message, options?: SendOptions): Promise<void>
  /** Begins a new one if the server has forgotten that one. */
  renew(id: string): Promise<void>
  /** Tells the server that it is over. */
  end(): Promise<void>
}

/** What a server has answered in place of what was asked of it. */
export class ServerRefusal extends Error {
  readonly error: RpcError
  constructor(error: RpcError) {
    super(error.message)
    this.error = error
  }
}

export function createSession(wire: Wire, deliver: (message: Message) => void): Session {
  /** What the client has begun with, to begin with it again. */
  let greeting: { readonly initialize: Request; initialized?: Notification } | undefined
  /** What it has asked for that lasts as long as a session, by what it is about. */
  const wishes = new Map<string, Request>()
  let current: Promise<Connection> | undefined
  /** Until the server knows that the client is ready, nothing overtakes that message. */
  let isReady: Promise<unknown> = Promise.resolve()
  const renewals = new WeakMap<Connection, Promise<Connection>>()
  const ownRequests = new Map<Id | null, (answer: Answer) => void>()

  const heard = (message: Message, connection: Connection) => {
    const own = isAnswer(message) ? ownRequests.get(message.id) : undefined
    if (own) return own(message as Answer)
    if (isAnswer(message) && message.id === greeting?.initialize.id) agree(connection, message)
    deliver(message)
  }

  const send = async (message: Message, options?: SendOptions): Promise<void> => {
    current ??= wire.connect(heard)
    const opening = current
    const used = await opening.catch((error) => {
      if (current === opening) current = undefined
      throw error
    })
    try {
      await used.send(message, options)
    } catch (error) {
      // The answer to what a lost session asked is of no use to another.
      const next = isAnswer(message) ? undefined : await instead(used, error)
      if (!next) throw error
      await next.send(message, options)
    }
  }

  const instead = async (used: Connection, error: unknown): Promise<Connection | undefined> => {
    if (wire.hasLost(used, error)) return renewed(used)
    const older = await wire.older(error, heard)
    if (older) current = Promise.resolve(older)
    return older
  }

  /** One for all who find that the session is lost. */
  const renewed = (lost: Connection): Promise<Connection> => {
    const known = renewals.get(lost)
    if (known) return known
    const before = current
    const renewal = begunAgain()
    renewals.set(lost, renewal)
    renewal.then(
      () => {
        // The client may have begun one itself.
        if (current === before) current = renewal
      },
      () => renewals.delete(lost),
    )
    return renewal
  }

  const begunAgain = async (): Promise<Connection> => {
    const connection = await wire.connect(heard)
    if (!greeting) return connection
    const { initialize, initialized } = greeting
    agree(connection, await asked(connection, initialize))
    if (initialized) await connection.send(initialized)
    for (const wish of wishes.values()) await asked(connection, wish).catch(() => undefined)
    return connection
  }

  /** The same request once more, under an ID that the client does not know. */
  const asked = (connection: Connection, original: Request): Promise<Answer> => {
    const request = { ...original, id: `pentauth-${randomUUID()}` }
    return new Promise<Answer>((resolve, reject) => {
      ownRequests.set(request.id, resolve)
      const onRequestStreamEnd = () =>
        reject(new ServerRefusal({ code: -32_603, message: 'The server began no session.' }))
      connection.send(request, { onRequestStreamEnd }).catch(reject)
    })
      .then((answer) => {
        if (answer.error) throw new ServerRefusal(answer.error)
        return answer
      })
      .finally(() => ownRequests.delete(request.id))
  }

  const keep = (request: Request) => {
    const { method, params } = request
    if (method === 'logging/setLevel') wishes.set(method, request)
    if (method === 'resources/subscribe') wishes.set(`subscribed to ${params?.uri}`, request)
    if (method === 'resources/unsubscribe') wishes.delete(`subscribed to ${params?.uri}`)
  }

  return {
    async send(message, options) {
      if (!('method' in message)) return send(message, options)
      if (message.method === 'initialize' && 'id' in message) {
        greeting = { initialize: message }
        wishes.clear()
        current = undefined
      }
      if ('id' in message) keep(message)
      if (message.method !== 'notifications/initialized') {
        await isReady
        return send(message, options)
      }
      if (greeting) greeting.initialized = message
      const sent = send(message, options)
      isReady = sent.catch(() => undefined)
      return sent
    },
    async renew(id) {
      const used = await current?.catch(() => undefined)
      if (used?.sessionId === id) await renewed(used)
    },
    async end() {
      const used = await current?.catch(() => undefined)
      await used?.terminateSession?.()
    },
  }
}

/** The version that both have agreed on goes with each request from then on. */
function agree(connection: Connection, { result }: Answer): void {
  if (typeof result?.protocolVersion === 'string') connection.setProtocolVersion?.(result.protocolVersion)
}
