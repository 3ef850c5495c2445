import type { Exchange, Operation } from '../service.ts'
import type { ServiceName } from '../service-name.ts'
import { type FindCredential, identityOf, type McpCaller } from './caller.ts'
import type { McpProtocol, McpServerInfo } from './protocol.ts'
import type { McpTool } from './tool.ts'

/** An MCP endpoint: where it is, whom it lets in and what its tools are. */
export interface McpEndpoint<S extends ServiceName> {
  readonly origin: string
  readonly path: string
  readonly info: McpServerInfo
  readonly tools: readonly McpTool<S>[]
  readonly findCredential: FindCredential<S>
  /** The format of the service's keys, as a regular expression's source. */
  readonly keyPattern: string
  /** Hosts of pages that may call it beside its own and those of this machine. */
  readonly pageHosts?: readonly string[] | undefined
  /** The answer to a browser that opens the address, where there is one. */
  page?(request: Request): Response | undefined
  /** The refusal of a request without a credential. */
  missing(exchange: Exchange<S>): Response
  /** The refusal of a credential that is not accepted. */
  invalid(exchange: Exchange<S>): Response
  /** The refusal of a caller whose credential is good, if something else is in the way. */
  admit?(caller: McpCaller<S>, exchange: Exchange<S>): Response | undefined
  /** Whether a tool is on the list that this caller sees (default: every one is). */
  lists?(tool: McpTool<S>, caller: McpCaller<S>): boolean
}

/** Makes the operation that is an MCP endpoint: page, credential and gate first, and only then is the protocol read. */
export function createMcpOperation<S extends ServiceName>(endpoint: McpEndpoint<S>): Operation<S> {
  const { origin, path, tools } = endpoint
  let protocol: McpProtocol<S> | undefined

  return {
    name: 'mcp',
    origin,
    method: '*',
    path,
    async answer(exchange) {
      const { request } = exchange
      if (request.headers.has('origin')) {
        const { refuseForeignPage } = await import('./protocol.ts')
        const refusal = refuseForeignPage(request, [new URL(origin).hostname, ...(endpoint.pageHosts ?? [])])
        if (refusal !== undefined) return refusal
      }
      const page = endpoint.page?.(request)
      if (page !== undefined) return page
      const found = await endpoint.findCredential(request)
      exchange.identity = identityOf(found, request.headers, endpoint.keyPattern)
      if (found === 'missing') return endpoint.missing(exchange)
      if (found === undefined) return endpoint.invalid(exchange)
      const refusal = endpoint.admit?.(found, exchange)
      if (refusal !== undefined) return refusal
      protocol ??= (await import('./protocol.ts')).createProtocol(endpoint.info, tools)
      return protocol.serve(
        exchange,
        found,
        tools.filter((tool) => endpoint.lists?.(tool, found) ?? true),
      )
    },
  }
}
