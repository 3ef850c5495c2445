import type { Message } from './message.ts'

/** A transport of the SDK, as far as it is used here. */
export interface Connection {
  send(message: Message, options?: SendOptions): Promise<void>
  close(): Promise<void>
  setProtocolVersion?(version: string): void
  readonly sessionId?: string | undefined
  terminateSession?(): Promise<void>
}

export interface SendOptions {
  /** Aborted when nobody waits for the answer any more. */
  readonly requestSignal?: AbortSignal
  /** Told when no answer will come any more. */
  readonly onRequestStreamEnd?: () => void
  /** Beside those of the transport. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}
