import type { Auth } from '@pentauth/core'
import type { Connection } from './connection.ts'
import { type Id, idIn, isRequest, type Message } from './message.ts'

/** Sees which requests of a connection are answered by a stream, which goes on when the request is sent. */
export interface Streams {
  /** The same `Auth`, looked at. */
  readonly auth: Auth
  readonly has: (id: Id) => boolean
}

export function answerStreams(auth: Auth): Streams {
  const streams = new Set<Id | null>()
  return {
    auth: {
      ...auth,
      async fetch(input, init) {
        const response = await auth.fetch(input, init)
        const isStream = /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')
        if (isStream && typeof init?.body === 'string') streams.add(idIn(JSON.parse(init.body)))
        return response
      },
    },
    has: (id) => streams.delete(id),
  }
}

/** The same connection, which tells of a request whose answer has come to its end without answering it. */
export function telling<C extends Connection>(connection: C, streams: Streams): C {
  const send = connection.send.bind(connection)
  connection.send = async (message: Message, options) => {
    await send(message, options)
    if ('id' in message && isRequest(message) && !streams.has(message.id)) options?.onRequestStreamEnd?.()
  }
  return connection
}
