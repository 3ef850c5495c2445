// Loaded with the first MCP call: the SDK is large, and most sandboxes never see one.
import {
  createMcpHandler,
  fromJsonSchema,
  isLegacyRequest,
  type JsonSchemaType,
  localhostAllowedOrigins,
  McpServer,
  originValidationResponse,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import type { JsonObject } from '../request-body.ts'
import type { Exchange } from '../service.ts'
import type { ServiceName } from '../service-name.ts'
import type { McpCall, McpTool } from './tool.ts'

/** How a server names itself. */
export interface McpServerInfo {
  readonly name: string
  readonly version: string
}

/** One server of the protocol, with the credential already judged. */
export interface McpProtocol<S extends ServiceName> {
  /** Answers a request with those of the tools that are `listed`; all of them can be called. */
  serve(exchange: Exchange<S>, caller: McpCall<S>['caller'], listed: readonly McpTool<S>[]): Promise<Response>
}

// Above the largest file that an emulated tool takes, so that the tool itself can refuse one.
const largestBody = 16 * 1024 * 1024

/**
 * The SDK's refusal of a page that is not on one of these hosts, nor on this machine: a page elsewhere that points a name
 * of its own at a local server must not reach it through the visitor's browser.
 */
export function refuseForeignPage(request: Request, hosts: readonly string[]): Response | undefined {
  return originValidationResponse(request, [...localhostAllowedOrigins(), ...hosts])
}

/** Makes a stateless server of Streamable HTTP: nothing is kept between two requests, and every answer is one JSON body. */
export function createProtocol<S extends ServiceName>(
  info: McpServerInfo,
  tools: readonly McpTool<S>[],
): McpProtocol<S> {
  const inputs = new Map(
    tools.map(({ name, input }) => [name, fromJsonSchema<JsonObject>(input as unknown as JsonSchemaType)]),
  )

  const serverFor = (call: McpCall<S>, listed: readonly McpTool<S>[]): McpServer => {
    const server = new McpServer(info, { capabilities: { tools: { listChanged: false } } })
    for (const tool of tools) {
      const { name, description, reads } = tool
      const inputSchema = inputs.get(name) ?? fromJsonSchema<JsonObject>({ type: 'object' })
      const run = async (args: JsonObject): Promise<{ content: { type: 'text'; text: string }[]; isError?: true }> => {
        const answer = await tool.run(args, call)
        return {
          content: [{ type: 'text', text: answer.text }],
          ...(answer.isError === true ? { isError: true } : {}),
        }
      }
      // The SDK asks this before it runs anything of a request; the form of its own answer is not the services'.
      const scopeChallenge = (): { scopes: [string] } | undefined => {
        const refused = tool.outOfScope?.(call)
        if (refused === undefined) return undefined
        call.refuse(refused.response)
        return { scopes: [refused.scope] }
      }
      const annotations = { readOnlyHint: reads }
      server.registerTool(name, { description, inputSchema, annotations, scopeChallenge }, run)
    }
    hide(server, tools, listed)
    return server
  }

  return {
    async serve({ request, outside }, caller, listed) {
      let refusal: Response | undefined
      const call: McpCall<S> = {
        request,
        outside,
        caller,
        refuse(response) {
          refusal = response
          return { text: 'Refused.', isError: true }
        },
      }
      const response = await respond(request, () => serverFor(call, listed))
      return refusal ?? response
    },
  }
}

// Tools that are not listed can still be called: hiding is about the list alone.
function hide<S extends ServiceName>(
  server: McpServer,
  tools: readonly McpTool<S>[],
  listed: readonly McpTool<S>[],
): void {
  if (listed.length === tools.length) return
  server.server.setRequestHandler('tools/list', () => ({
    tools: listed.map(({ name, description, input, reads }) => ({
      name,
      description,
      inputSchema: input as unknown as { type: 'object' },
      annotations: { readOnlyHint: reads },
    })),
  }))
}

async function respond(request: Request, makeServer: () => McpServer): Promise<Response> {
  // Requests of the revisions with `initialize`; the SDK's own handler would answer those with event streams.
  if (request.method === 'POST' && (await isLegacyRequest(request, undefined, { maxRequestBodySize: largestBody }))) {
    const transport = new WebStandardStreamableHTTPServerTransport({
      enableJsonResponse: true,
      maxRequestBodySize: largestBody,
    })
    const server = makeServer()
    await server.connect(transport)
    const response = await transport.handleRequest(request)
    await server.close()
    return response
  }
  // The revision without sessions; and 405 for the methods that only sessions have.
  return createMcpHandler(makeServer, { maxRequestBodySize: largestBody }).fetch(request)
}
