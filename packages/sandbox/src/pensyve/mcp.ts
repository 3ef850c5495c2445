import { refusal } from '../facts.ts'
import { keyCallers } from '../mcp/api-key.ts'
import type { FindCredential, McpCaller } from '../mcp/caller.ts'
import { bearerChallenge, type MetadataUrl } from '../mcp/challenge.ts'
import { createMcpOperation } from '../mcp/endpoint.ts'
import { failed, inputOf, json, type McpCall, type McpTool, number, type ScopeRefusal, text } from '../mcp/tool.ts'
import type { RateLimit } from '../rate-limit.ts'
import { isJsonObject, type JsonObject, numberField, stringField } from '../request-body.ts'
import type { Operation } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { pensyveFacts } from './facts.ts'
import { type Memories, type Memory, type Namespace, namespaceOf } from './memories.ts'
import { type PensyveCall, pensyveOperations } from './operations.ts'
import { allows, neededScope } from './scope.ts'

const { errors, key } = pensyveFacts

/** Where the MCP server is. */
const pensyveMcpOrigin = 'https://mcp.pensyve.com'

/** What the MCP server shares with the REST API, and what the authorization server brings. */
export interface PensyveMcpParts {
  readonly memories: Memories
  /** One limit for both surfaces: the public gateway counts by key. */
  readonly limit: RateLimit
  readonly findCredential?: FindCredential<'pensyve'> | undefined
  readonly metadataUrl?: MetadataUrl | undefined
}

/** The MCP server: nine tools on the memories that the REST API has, under the scopes of the page's table. */
export function createPensyveMcp(state: SandboxState, parts: PensyveMcpParts): Operation<'pensyve'>[] {
  const options = state.options.pensyve ?? {}
  const {
    memories,
    limit,
    findCredential = keyCallers(state, 'pensyve'),
    metadataUrl = ({ outside }) => outside(`${pensyveMcpOrigin}/.well-known/oauth-protected-resource`),
  } = parts

  const outOfScope = (operation: string, { caller, outside }: McpCall<'pensyve'>): ScopeRefusal | undefined => {
    if (options.scopeRefusalOnMcp === 'tool-error' || allows(scopesOf(caller), operation)) return undefined
    const scope = neededScope(operation)
    const challenge = bearerChallenge({
      error: 'insufficient_scope',
      scope,
      resource_metadata: metadataUrl({ outside }),
      error_description: errors.insufficientScope.text,
    })
    return { scope, response: refusal(errors.insufficientScope, challenge) }
  }

  const tools = toolsOf((operation, shape) => ({
    reads: allows(['mcp:read'], operation),
    outOfScope: (call) => outOfScope(operation, call),
    async run(args, { caller, request }) {
      if (!allows(scopesOf(caller), operation)) return failed(errors.insufficientScope.text)
      const namespace = memories.in(namespaceOf(caller.account.id, {}, request.headers))
      try {
        return json(shape(args, namespace))
      } catch (error) {
        if (error instanceof Response) return failed(await textOf(error))
        throw error
      }
    },
  }))

  return [
    createMcpOperation<'pensyve'>({
      origin: pensyveMcpOrigin,
      path: '/mcp',
      // Found in the public source.
      info: { name: 'pensyve-mcp', version: '0.1.0' },
      tools,
      findCredential,
      keyPattern: key.pattern,
      pageHosts: state.options.mcpPageHosts,
      missing: (exchange) =>
        refusal(errors.missingCredential, bearerChallenge({ resource_metadata: metadataUrl(exchange) })),
      invalid(exchange) {
        const { text: description, body } = errors.invalidCredential
        // Found: 403 and no challenge, in versions from before there were access tokens. Assumed: 401 since then, as no
        // client starts a sign-in without it.
        if (options.invalidMcpCredentialStatus === 403) return refusal(errors.invalidCredential)
        return refusal(
          { ...errors.invalidCredential, status: 401, body: { ...body, error: 'unauthorized' } },
          bearerChallenge({
            resource_metadata: metadataUrl(exchange),
            error: 'invalid_token',
            error_description: description,
          }),
        )
      },
      admit: (caller) =>
        limit.take(caller.key?.id ?? `account:${caller.account.id}`)
          ? undefined
          : refusal(errors.rateLimited, { 'retry-after': '60' }),
      lists: ({ name }, caller) =>
        options.hideToolsOutOfScope !== true || allows(scopesOf(caller), name.replace('pensyve_', '')),
    }),
  ]
}

// Assumed for a token that names no scope: what the default of a key allows.
const scopesOf = ({ scopes }: McpCaller<'pensyve'>): readonly string[] => scopes ?? ['mcp']

async function textOf(problem: Response): Promise<string> {
  const body: unknown = await problem.json()
  return (isJsonObject(body) ? stringField(body, 'error') : undefined) ?? 'The call failed.'
}

type Run = (args: JsonObject, namespace: Namespace) => unknown
type Guarded = (operation: string, run: Run) => Pick<McpTool<'pensyve'>, 'reads' | 'outOfScope' | 'run'>

// Names and arguments are found in the public source; of the results, those of recall and inspect differ from REST.
function toolsOf(guarded: Guarded): McpTool<'pensyve'>[] {
  const entity = text('The entity, by name')
  const types = { type: 'array', items: { type: 'string' }, description: 'episodic, semantic, procedural' }
  const limit = number('At most so many results', { minimum: 1, maximum: 100 })
  const share = (description: string): JsonObject => number(description, { minimum: 0, maximum: 1 })
  const tool = (operation: string, description: string, input: McpTool['input'], run: Run): McpTool<'pensyve'> => ({
    name: `pensyve_${operation}`,
    description,
    input,
    ...guarded(operation, run),
  })
  return [
    tool(
      'recall',
      'Finds memories that answer a query.',
      inputOf(
        { query: text('What to look for'), entity, types, limit, min_confidence: share('The least confidence') },
        ['query'],
      ),
      (args, namespace) => recalled(restRun('recall')(args, namespace)),
    ),
    tool(
      'remember',
      'Stores a fact about an entity.',
      inputOf({ entity, fact: text('The fact'), confidence: share('How sure it is') }, ['entity', 'fact']),
      restRun('remember'),
    ),
    tool('forget', 'Forgets what is known of an entity.', inputOf({ entity }, ['entity']), restRun('forget')),
    tool(
      'inspect',
      'Lists what is known of an entity; an empty name means the whole namespace.',
      inputOf({ entity, memory_type: text('episodic, semantic or procedural'), limit }, ['entity']),
      inspected,
    ),
    tool(
      'observe',
      'Records an observation in an episode.',
      inputOf(
        {
          episode_id: text('From pensyve_episode_start'),
          content: text('What was observed'),
          source_entity: text('Who observed it'),
          about_entity: text('What it is about'),
          content_type: text('text, code or tool_output'),
        },
        ['episode_id', 'content', 'source_entity', 'about_entity'],
      ),
      restRun('observe'),
    ),
    tool(
      'episode_start',
      'Starts an episode.',
      inputOf({ participants: { type: 'array', items: { type: 'string' }, description: 'Entities, by name' } }, [
        'participants',
      ]),
      restRun('episode_start'),
    ),
    tool(
      'episode_end',
      'Ends an episode.',
      inputOf({ episode_id: text('From pensyve_episode_start'), outcome: text('success, failure or partial') }, [
        'episode_id',
      ]),
      restRun('episode_end'),
    ),
    tool('status', 'Counts what is remembered.', inputOf({ entity }), restRun('status')),
    tool('account', 'Says where the account is managed.', inputOf(), restRun('account')),
  ]
}

function restRun(name: string): PensyveCall['run'] {
  return (args, namespace) => pensyveOperations.find((operation) => operation.name === name)?.run(args, namespace)
}

function recalled(reply: unknown): unknown {
  const memories = isJsonObject(reply) && Array.isArray(reply.memories) ? reply.memories.filter(isJsonObject) : []
  return memories.map(({ memory_type, score, ...memory }) => ({ _type: memory_type, _score: score, ...memory }))
}

function inspected(args: JsonObject, namespace: Namespace): unknown {
  const name = typeof args.entity === 'string' ? args.entity : ''
  const type = stringField(args, 'memory_type')
  const wanted = ({ entity, memory_type }: Memory): boolean =>
    (name === '' || entity === name) && (type ?? memory_type) === memory_type
  const memories = namespace.memories.filter(wanted)
  return {
    entity: name,
    entity_id: namespace.entities.get(name)?.id ?? null,
    memory_count: memories.length,
    memories: memories.slice(0, numberField(args, 'limit', { min: 1, max: 100, fallback: 20 })),
  }
}
