import { refusal } from '../facts.ts'
import type { FindCredential } from '../mcp/caller.ts'
import { bearerChallenge, type Caller, type MetadataUrl } from '../mcp/challenge.ts'
import { createMcpOperation } from '../mcp/endpoint.ts'
import type { Identity, Operation } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { pentographerFacts } from './facts.ts'
import { pentographerTools, type WorkspaceOf } from './mcp-tools.ts'

const { errors, key } = pentographerFacts

/** What the MCP server shares with GraphQL. */
export interface PentographerMcpParts {
  readonly workspaceOf: WorkspaceOf
  readonly findCredential: FindCredential<'pentographer'>
  /** Nothing by default: no protected resource metadata of this service is documented or was found. */
  readonly metadataUrl?: MetadataUrl | undefined
}

/** The MCP server: the same credentials as GraphQL, on the same workspaces. */
export function createPentographerMcp(state: SandboxState, parts: PentographerMcpParts): Operation<'pentographer'>[] {
  const { workspaceOf, findCredential, metadataUrl = () => undefined } = parts
  const challenged = state.options.pentographer?.challenge ?? true

  const unauthorized = (caller: Caller, error?: 'invalid_token'): Response =>
    refusal(
      errors.unauthorized,
      challenged ? bearerChallenge({ resource_metadata: metadataUrl(caller), error }) : undefined,
    )

  return [
    createMcpOperation<'pentographer'>({
      origin: 'https://app.pentographer.com',
      path: '/api/mcp',
      // Found in the public source.
      info: { name: 'pentographer', version: '1.0.0' },
      tools: pentographerTools(workspaceOf),
      findCredential,
      keyPattern: key.pattern,
      pageHosts: state.options.mcpPageHosts,
      missing: (exchange) => unauthorized(exchange),
      invalid: (exchange) => unauthorized(exchange, 'invalid_token'),
    }),
  ]
}

/** Finds callers by the look-up that GraphQL uses: keys, and the tokens of client credentials. */
export function pentographerCallers(
  identify: (request: Request) => Promise<Identity<'pentographer'>>,
): FindCredential<'pentographer'> {
  return async (request) => {
    const { presented, holder } = await identify(request)
    if (presented === undefined) return 'missing'
    return holder && { account: holder.account, via: holder.key ? 'api-key' : 'access-token', key: holder.key }
  }
}
