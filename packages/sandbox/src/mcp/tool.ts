import type { Outside } from '../addresses.ts'
import type { JsonObject } from '../request-body.ts'
import type { ServiceName } from '../service-name.ts'
import type { McpCaller } from './caller.ts'

/** The JSON Schema of a tool's arguments; the SDK checks them against it. */
export interface ToolInput {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, JsonObject>>
  readonly required?: readonly string[]
}

/** What a tool answers: one text, as every service here does; a failure is a result too, not a protocol error. */
export interface ToolAnswer {
  readonly text: string
  readonly isError?: boolean
}

/** One call of a tool. */
export interface McpCall<S extends ServiceName = ServiceName> {
  readonly request: Request
  readonly outside: Outside
  readonly caller: McpCaller<S>
  /** Has the whole HTTP request answered with `response` instead of a tool result. */
  refuse(response: Response): ToolAnswer
}

/** The scope that a caller is without, and what the request is answered for it. */
export interface ScopeRefusal {
  readonly scope: string
  readonly response: Response
}

/** One tool, as plain data and what it does; nothing of the SDK is needed to write one. */
export interface McpTool<S extends ServiceName = ServiceName> {
  readonly name: string
  readonly description: string
  readonly input: ToolInput
  /** Whether it changes nothing. */
  readonly reads: boolean
  /** The refusal of the HTTP request for want of a scope; asked before the arguments are looked at. */
  outOfScope?(call: McpCall<S>): ScopeRefusal | undefined
  run(args: JsonObject, call: McpCall<S>): ToolAnswer | Promise<ToolAnswer>
}

/** The arguments a tool takes. */
export function inputOf(properties: ToolInput['properties'] = {}, required: readonly string[] = []): ToolInput {
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }) }
}

/** An argument that is a text. */
export function text(description: string, rules: JsonObject = {}): JsonObject {
  return { type: 'string', description, ...rules }
}

/** An argument that is a number. */
export function number(description: string, rules: JsonObject = {}): JsonObject {
  return { type: 'number', description, ...rules }
}

/** A result that is a JSON value, in a text. */
export function json(value: unknown): ToolAnswer {
  return { text: JSON.stringify(value, undefined, 2) }
}

/** A result that says what went wrong, for the model to read. */
export function failed(message: string): ToolAnswer {
  return { text: message, isError: true }
}
