import { plain } from '../words.ts'
import type { Call } from './calls.ts'
import { isAnswer, type Message } from './message.ts'

/** One line for each message: which way, what, which, how long; nothing of its content. */
export interface Traffic {
  /** From the client to the server. */
  up(message: Message): void
  /** From the server, or the bridge itself, to the client. */
  down(message: Message, call?: Call): void
}

export const silence: Traffic = { up: () => undefined, down: () => undefined }

export function traffic(stderr: NodeJS.WritableStream): Traffic {
  const line = (...words: (string | undefined)[]) =>
    void stderr.write(`pentauth bridge ${words.filter((word) => word !== undefined).join(' ')}\n`)
  const shown = (name = 'answer') => plain(name).replace(/\s+/g, ' ').slice(0, 80)
  const idOf = (message: Message) => ('id' in message ? JSON.stringify(message.id) : undefined)
  const nameOf = (message: Message, call?: Call) => (isAnswer(message) ? call?.request.method : message.method)
  return {
    up: (message) => line('->', shown(nameOf(message)), idOf(message)),
    down: (message, call) =>
      line(
        '<-',
        shown(nameOf(message, call)),
        idOf(message),
        call && `${Math.round(performance.now() - call.since)} ms`,
        isAnswer(message) && message.error ? `error ${message.error.code}` : undefined,
      ),
  }
}
