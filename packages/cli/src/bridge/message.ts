/** A JSON-RPC message, as far as a bridge looks at it; everything else of it passes through. */
export type Message = Request | Notification | Answer

export type Id = string | number

export interface Request extends Notification {
  readonly id: Id
}

export interface Notification {
  readonly jsonrpc: '2.0'
  readonly method: string
  readonly params?: { readonly [name: string]: unknown }
}

export interface Answer {
  readonly jsonrpc: '2.0'
  /** None where the request could not be read. */
  readonly id: Id | null
  readonly result?: { readonly [name: string]: unknown }
  readonly error?: RpcError
}

export interface RpcError {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

export const isRequest = (message: Message): message is Request => 'method' in message && 'id' in message

export const isAnswer = (message: Message): message is Answer => !('method' in message)

/** Whether a request is of the wire of 2026-07-28, which has no sessions and says its version each time. */
export function speaksNewer({ params }: Request): boolean {
  return typeof partsOf(params?._meta)['io.modelcontextprotocol/protocolVersion'] === 'string'
}

/** Codes of JSON-RPC 2.0. */
export const rpcCodes = { parseError: -32_700, invalidRequest: -32_600, invalidParams: -32_602, internal: -32_603 }

export function refusal(id: Id | null, code: number, message: string): Answer {
  return { jsonrpc: '2.0', id, error: { code, message } }
}

/** Whether a value is a message at all. */
export function isMessage(value: unknown): value is Message {
  const { jsonrpc, id, method, result, error } = partsOf(value)
  if (jsonrpc !== '2.0') return false
  if (method !== undefined) return typeof method === 'string' && (id === undefined || idIn(value) !== null)
  return idIn(value) !== null && (result === undefined) !== (error === undefined)
}

export function idIn(value: unknown): Id | null {
  const { id } = partsOf(value)
  return typeof id === 'string' || typeof id === 'number' ? id : null
}

function partsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
