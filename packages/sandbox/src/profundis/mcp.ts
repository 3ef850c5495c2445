import { refusal } from '../facts.ts'
import { keyCallers } from '../mcp/api-key.ts'
import type { FindCredential } from '../mcp/caller.ts'
import { bearerChallenge, type MetadataUrl } from '../mcp/challenge.ts'
import { createMcpOperation } from '../mcp/endpoint.ts'
import { failed, inputOf, json, type McpCall, type McpTool, number, type ToolAnswer, text } from '../mcp/tool.ts'
import { type JsonObject, numberField, stringField } from '../request-body.ts'
import type { Operation } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { isEntitled, type ProfundisAccount } from './accounts.ts'
import { charge, creditsOf, price } from './credits.ts'
import { profundisFacts } from './facts.ts'
import { addressOf, domainOf, hostsOf, recordsOf } from './records.ts'

const { errors, key } = profundisFacts
const day = 24 * 60 * 60 * 1000

/** Where the MCP server is; its path is the root. */
const profundisMcpOrigin = 'https://mcp.profundis.io'

/** What the authorization server brings. */
export interface ProfundisMcpParts {
  readonly findCredential?: FindCredential<'profundis'> | undefined
  readonly metadataUrl?: MetadataUrl | undefined
}

/**
 * The MCP server. Its address, the header, the entitlement and who pays are documented; the names of its tools, their
 * fields and the forms of its refusals are not, so all of those are assumed.
 */
export function createProfundisMcp(state: SandboxState, parts: ProfundisMcpParts = {}): Operation<'profundis'>[] {
  const {
    findCredential = keyCallers(state, 'profundis'),
    metadataUrl = ({ outside }) => outside(`${profundisMcpOrigin}/.well-known/oauth-protected-resource`),
  } = parts
  return [
    createMcpOperation<'profundis'>({
      origin: profundisMcpOrigin,
      path: '/',
      info: { name: 'profundis', version: '1.0.0' },
      tools: toolsOf(state),
      findCredential,
      keyPattern: key.pattern,
      pageHosts: state.options.mcpPageHosts,
      missing: (exchange) =>
        refusal(errors.missingCredential, bearerChallenge({ resource_metadata: metadataUrl(exchange) })),
      invalid: (exchange) =>
        refusal(
          errors.invalidCredential,
          bearerChallenge({
            resource_metadata: metadataUrl(exchange),
            error: 'invalid_token',
            error_description: errors.invalidCredential.text,
          }),
        ),
      // The same gate as at the key's creation, and no challenge: a new sign-in would not open it.
      admit: ({ account }) => (isEntitled(account) ? undefined : refusal(errors.notEntitled)),
    }),
  ]
}

type Call = McpCall<'profundis'>

function toolsOf(state: SandboxState): McpTool<'profundis'>[] {
  const { accounts, clock, usage } = state

  /** Runs a look-up that costs credits; a bad request costs nothing. */
  const paid =
    (operation: string, lookUp: (args: JsonObject) => JsonObject | undefined, wanted: string) =>
    (args: JsonObject, { caller }: Call): ToolAnswer => {
      const found = lookUp(args)
      if (found === undefined) return failed(wanted)
      const { account, key: used, clientId } = caller
      const via = caller.via === 'api-key' ? 'api_key' : 'oauth'
      const left = charge(state, { account, operation, via, keyId: used?.id, clientId })
      // A result and not a status: a 401 or 403 would make a client throw away a good credential.
      if (left === undefined) return failed(errors.outOfCredits.text)
      return json({ ...found, credits: { charged: price, remaining: creditsOf(left) } })
    }
  const seen = (): { readonly first_seen: string; readonly last_seen: string } => ({
    first_seen: new Date(clock.now() - 30 * day).toISOString(),
    last_seen: new Date(clock.now()).toISOString(),
  })
  const most = (args: JsonObject): number => numberField(args, 'limit', { min: 1, max: 1000, fallback: 100 })

  const domain = text('A domain, such as example.com')
  const limit = number('At most so many results', { minimum: 1, maximum: 1000 })
  const tool = (
    name: string,
    description: string,
    input: McpTool['input'],
    run: McpTool<'profundis'>['run'],
  ): McpTool<'profundis'> => ({ name, description, input, reads: true, run })

  return [
    tool(
      'search_subdomains',
      'Finds the subdomains of a domain. Costs 1 credit.',
      inputOf({ domain, limit }, ['domain']),
      paid(
        'search_subdomains',
        (args) => {
          const asked = domainOf(args)
          const subdomains = asked === undefined ? undefined : hostsOf(asked).slice(0, most(args))
          return subdomains && { domain: asked, count: subdomains.length, subdomains }
        },
        'A domain is required.',
      ),
    ),
    tool(
      'search_hosts',
      'Finds hosts by a domain or a part of a name. Costs 1 credit.',
      inputOf({ query: text('What to look for'), limit }, ['query']),
      paid(
        'search_hosts',
        (args) => {
          const query = stringField(args, 'query')
          if (query === undefined) return undefined
          const names = hostsOf(domainOf({ domain: query }) ?? 'example.com').slice(0, most(args))
          const { last_seen } = seen()
          return {
            hosts: names.map((host) => ({ host, ip: addressOf(host), ports: [80, 443], title: host, last_seen })),
          }
        },
        'A query is required.',
      ),
    ),
    tool(
      'search_dns',
      'Finds the DNS records of a domain. Costs 1 credit.',
      inputOf({ domain, type: text('A, NS, MX or TXT (default: all)') }, ['domain']),
      paid(
        'search_dns',
        (args) => {
          const asked = domainOf(args)
          const type = stringField(args, 'type')?.toUpperCase()
          const records = asked && recordsOf(asked).filter((record) => (type ?? record.type) === record.type)
          return records ? { records: records.map((record) => ({ ...record, ...seen() })) } : undefined
        },
        'A domain is required.',
      ),
    ),
    tool('get_credits', 'Says what is left to spend. Free.', inputOf(), (_, { caller }) =>
      json(balanceOf(caller.account)),
    ),
    tool(
      'get_usage',
      'Lists what was charged. Free.',
      inputOf({ days: number('Of the last so many days (default 30)', { minimum: 1 }) }),
      (args, { caller }) => {
        const since = clock.now() - numberField(args, 'days', { min: 1, max: 3650, fallback: 30 }) * day
        const items = usage
          .read('profundis', { account: caller.account.id })
          .filter(({ at }) => at >= since)
          .map(({ at, operation, credits, via }) => ({ at: new Date(at).toISOString(), tool: operation, credits, via }))
        return json({ items })
      },
    ),
    tool('whoami', 'Says whose credential this is. Free.', inputOf(), (_, { caller }) => {
      const account = accounts.get('profundis', caller.account.id)
      return json({ account: account.email, plan: account.plan, entitled: isEntitled(account) })
    }),
  ]
}

/** Credits granted each month; the numbers are not documented, these are what the ready accounts begin with. */
const allocations = { free: 50, professional: 10_000, enterprise: 100_000 } as const

function balanceOf(account: ProfundisAccount): JsonObject {
  const { plan, monthlyCredits, purchasedCredits } = account
  // A test may have given more than the plan has.
  const granted = Math.max(allocations[plan], monthlyCredits)
  return {
    plan,
    monthly: { used: granted - monthlyCredits, limit: granted },
    purchased: purchasedCredits,
    remaining: creditsOf(account),
  }
}
