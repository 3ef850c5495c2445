import { SdkHttpError, SSEClientTransport, SseError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { Auth } from '@pentauth/core'
import { createTransport, type SignInWay } from '@pentauth/mcp'
import type { Connection } from './connection.ts'
import { answerStreams, telling } from './finished-answers.ts'
import type { Message } from './message.ts'

export type WireKind = 'auto' | 'http' | 'sse'

export type Heard = (message: Message, connection: Connection) => void

/** How the server is spoken to. */
export interface Wire {
  connect(heard: Heard): Promise<Connection>
  /** The older transport, where the error says that the server may have that alone and it has; it is spoken to in that from then on. */
  older(error: unknown, heard: Heard): Promise<Connection | undefined>
  /** Whether the server does not know the session of that connection any more. */
  hasLost(connection: Connection, error: unknown): boolean
  close(): Promise<void>
}

export interface WireOptions {
  readonly auth: Auth
  readonly signIn: SignInWay
  readonly kind: WireKind
  /** Told when a connection is gone that all answers would have come by. */
  readonly broken: (error: Error) => void
}

/** @throws PentauthError `invalid_option` for a service that speaks no MCP. */
export function createWire({ auth, signIn, kind, broken }: WireOptions): Wire {
  createTransport(StreamableHTTPClientTransport, auth)
  let spoken = kind
  const opened = new Set<Connection>()
  const gone = new WeakSet<Connection>()

  const connect = async (heard: Heard): Promise<Connection> => {
    const isOld = spoken === 'sse'
    const streams = answerStreams(auth)
    const transport = isOld
      ? createTransport(SSEClientTransport, auth, { signIn })
      : createTransport(StreamableHTTPClientTransport, streams.auth, { signIn, transport: { reconnectionOptions } })
    // All answers of the older transport come by one stream.
    const connection = isOld ? (transport as Connection) : telling(transport as Connection, streams)
    transport.onmessage = (message) => {
      if (spoken === 'auto') spoken = 'http'
      heard(message as Message, connection)
    }
    await transport.start()
    opened.add(connection)
    // It would open the stream again by itself, for a session that nobody has begun.
    if (isOld)
      transport.onerror = (error) => {
        if (!(error instanceof SseError)) return
        gone.add(connection)
        opened.delete(connection)
        void connection.close()
        broken(error)
      }
    return connection
  }

  return {
    connect,
    async older(error, heard) {
      const { status } = answerIn(error)
      if (spoken !== 'auto' || (status !== 404 && status !== 405)) return undefined
      spoken = 'sse'
      // What the newer transport says is what people can act on, when the older one is not there either.
      const connection = await connect(heard).catch(() => undefined)
      if (!connection) spoken = 'auto'
      return connection
    },
    hasLost(connection, error) {
      if (gone.has(connection)) return true
      if (!connection.sessionId && spoken !== 'sse') return false
      const { status, text } = answerIn(error)
      // Many servers say it with 400.
      return status === 404 || (status === 400 && /session/i.test(text))
    },
    async close() {
      await Promise.allSettled([...opened].map((connection) => connection.close()))
    },
  }
}

/** A stream that breaks is opened again at once, and then less and less often; see `patientStreams` for a server that is away. */
const reconnectionOptions = {
  initialReconnectionDelay: 1_000,
  maxReconnectionDelay: 30_000,
  reconnectionDelayGrowFactor: 2,
  maxRetries: 3,
}

export interface ServerAnswer {
  readonly status: number | undefined
  readonly text: string
}

/** What a server has answered, if that is the error. */
export function answerIn(error: unknown): ServerAnswer {
  if (error instanceof SdkHttpError) {
    const { status, text } = error.data as { status?: number; text?: string | null }
    return { status, text: text ?? '' }
  }
  // The older transport has it in words alone.
  const [, status, text = ''] = /\(HTTP (\d{3})\): (.*)/s.exec(error instanceof Error ? error.message : '') ?? []
  return { status: status === undefined ? undefined : Number(status), text }
}
