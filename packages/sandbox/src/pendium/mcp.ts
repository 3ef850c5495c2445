import { refusal } from '../facts.ts'
import { keyCallers } from '../mcp/api-key.ts'
import type { FindCredential } from '../mcp/caller.ts'
import { bearerChallenge, type Caller, type MetadataUrl } from '../mcp/challenge.ts'
import { createMcpOperation } from '../mcp/endpoint.ts'
import { failed, inputOf, json, type McpCall, type McpTool, number, type ToolAnswer, text } from '../mcp/tool.ts'
import { type JsonObject, stringField } from '../request-body.ts'
import type { Operation } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { pendiumFacts } from './facts.ts'
import { createFeedback } from './feedback.ts'
import { factsheetOf, knowledgeOf } from './knowledge.ts'
import { asksForPage, mcpPage } from './mcp-page.ts'
import { noAgentText, whatYouSee } from './refusal.ts'
import { done, type Outcome, problem, scoreFor, type Visibility } from './visibility.ts'

const { errors, key } = pendiumFacts

/** What the MCP server shares with the REST API, and what the authorization server brings. */
export interface PendiumMcpParts {
  readonly visibility: Visibility
  /** May find API keys too: whether they are let in is this endpoint's to say. */
  readonly findCredential?: FindCredential<'pendium'> | undefined
  readonly metadataUrl?: MetadataUrl | undefined
}

/**
 * The MCP server: "All MCP connections use OAuth 2.1 with PKCE", so an API key is refused here. The names of the tools are
 * found, their results too where REST has the same; the address is assumed.
 */
export function createPendiumMcp(state: SandboxState, parts: PendiumMcpParts): Operation<'pendium'>[] {
  const options = state.options.pendium ?? {}
  const {
    visibility,
    findCredential = keyCallers(state, 'pendium'),
    metadataUrl = ({ outside }) => outside('https://pendium.ai/.well-known/oauth-protected-resource'),
  } = parts
  const { invalidCredential, missingCredential } = errors

  const invalid = (caller: Caller): Response =>
    refusal(
      invalidCredential,
      bearerChallenge({
        resource_metadata: metadataUrl(caller),
        error: 'invalid_token',
        error_description: invalidCredential.text,
      }),
    )

  const answer = (outcome: Outcome, call: McpCall<'pendium'>): ToolAnswer => {
    if (outcome.kind === 'done') return json(outcome.body)
    if (outcome.kind === 'problem') return failed(outcome.body.error)
    if (outcome.kind === 'read-only') return failed(`${errors.readOnly.text} (READ_ONLY)`)
    const description = noAgentText(outcome.syntheticId)
    if (options.agentRefusalOnMcp !== 'http-401') return failed(description)
    // The page's heading taken by the letter, with the challenge that it says a 401 has.
    const body = { error: description }
    const challenge = bearerChallenge({ resource_metadata: metadataUrl(call) })
    return call.refuse(refusal({ ...errors.agentNotAccessible, text: description, body }, challenge))
  }

  return [
    createMcpOperation<'pendium'>({
      origin: 'https://pendium.ai',
      path: '/mcp',
      info: { name: 'pendium', version: '1.0.0' },
      tools: toolsOf(state, visibility, answer),
      findCredential,
      keyPattern: key.pattern,
      pageHosts: state.options.mcpPageHosts,
      page: (request) => (asksForPage(request) ? mcpPage() : undefined),
      missing: (exchange) => refusal(missingCredential, bearerChallenge({ resource_metadata: metadataUrl(exchange) })),
      invalid,
      admit: ({ via }, exchange) => (via === 'api-key' && options.apiKeyOnMcp !== true ? invalid(exchange) : undefined),
    }),
  ]
}

type Run = (args: JsonObject, call: McpCall<'pendium'>) => Outcome
type Answer = (outcome: Outcome, call: McpCall<'pendium'>) => ToolAnswer

function toolsOf(state: SandboxState, visibility: Visibility, answer: Answer): McpTool<'pendium'>[] {
  const feedback = createFeedback(state.clock.now)
  const syntheticId = text('Id of a brand agent, as get_account lists it')
  const tool = (
    name: string,
    description: string,
    input: McpTool['input'],
    run: Run,
    reads = true,
  ): McpTool<'pendium'> => ({
    name,
    description,
    input,
    reads,
    run: (args, call) => answer(run(args, call), call),
  })
  const id = (args: JsonObject): string | undefined => stringField(args, 'syntheticId')

  return [
    tool('get_account', 'Lists your agents with their latest scores.', inputOf(), (_, { caller }) => {
      const outcome = visibility.account(caller.account)
      // As on REST: the one tool whose result is known to be the same.
      return outcome.kind === 'done' ? done({ ...outcome.body, _pendium: whatYouSee }) : outcome
    }),
    tool(
      'scan_visibility',
      'Starts a visibility scan of a website or of an agent.',
      inputOf({
        url: text('A website'),
        syntheticId,
        mode: text('batch (default) or full', { enum: ['batch', 'full'] }),
        maxQueries: number('At most so many queries (default 30)', { minimum: 1, maximum: 100 }),
      }),
      (args, { caller }) => visibility.startScan(caller.account, args),
      false,
    ),
    tool('get_scan_status', 'Says how far a scan is.', inputOf({ syntheticId }, ['syntheticId']), (args, { caller }) =>
      visibility.scanStatus(caller.account, id(args)),
    ),
    // REST has the operation; that MCP has it under this name is assumed.
    tool('get_report', 'The report of the last scan.', inputOf({ syntheticId }, ['syntheticId']), (args, { caller }) =>
      visibility.report(caller.account, id(args)),
    ),
    tool(
      'lookup_brand_score',
      'The score of any brand.',
      inputOf({ brand: text('A brand'), url: text('Or its website') }),
      (args) => scoreFor(args),
    ),
    tool(
      'query_knowledge',
      'Searches what an agent knows.',
      inputOf(
        {
          syntheticId,
          query: text('What to look for'),
          topK: number('At most so many (default 8)', { minimum: 1, maximum: 20 }),
        },
        ['syntheticId', 'query'],
      ),
      (args, { caller }) =>
        visibility.onAgent(caller.account, id(args), (agent) =>
          done(knowledgeOf(agent, stringField(args, 'query') ?? '', args)),
        ),
    ),
    tool('get_factsheet', 'The facts of a brand.', inputOf({ syntheticId }, ['syntheticId']), (args, { caller }) =>
      visibility.onAgent(caller.account, id(args), (agent) => done(factsheetOf(agent))),
    ),
    tool(
      'send_feedback',
      'Tells the makers of these tools something.',
      inputOf(
        {
          category: text('What it is', { enum: ['bug', 'friction', 'feature_request', 'data_quality', 'praise'] }),
          summary: text('In a sentence', { maxLength: 200 }),
          tool_name: text('The tool it is about'),
          detail: text('More of it', { maxLength: 2000 }),
          severity: text('How bad it is'),
          context: text('What you were doing'),
        },
        ['category', 'summary'],
      ),
      // Found: ten calls an hour; the form of the refusal is assumed.
      (_, { caller }) =>
        feedback.take(caller.account.id)
          ? done({ success: true, message: 'Thank you.' })
          : problem(429, 'Too much feedback: at most 10 calls an hour.'),
      false,
    ),
  ]
}
