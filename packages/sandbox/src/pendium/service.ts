import { withCors } from '../cors.ts'
import type { ErrorFacts } from '../facts.ts'
import { tokenCallers } from '../mcp/token.ts'
import { apiKeyHeaderOf, presentedKey } from '../presented-credential.ts'
import type { Exchange, Operation, Service } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { createAgents } from './agents.ts'
import { createPendiumConsole } from './console-page.ts'
import { pendiumFacts } from './facts.ts'
import { createPendiumMcp } from './mcp.ts'
import { type PendiumCall, pendiumOperations, score } from './operations.ts'
import { refused } from './refusal.ts'
import { createVisibility } from './visibility.ts'

const { errors } = pendiumFacts

// Texts of an older version of the page, from when its REST and MCP sections both spoke of API keys.
const olderTexts = {
  missing: 'API key required. Add your Pendium API key as a Bearer token. Get one at https://pendium.ai/mcp',
  invalid: 'Invalid API key. Check your key at https://pendium.ai/mcp',
}

/** The Pendium REST API, for keys, and its MCP server, for access tokens: the brand agents of a user. */
export function createPendium(state: SandboxState): Service<'pendium'> {
  const { accounts, keys } = state
  const options = state.options.pendium ?? {}
  const agents = createAgents()
  const older = options.refusalTexts === 'older-page'
  const missing = older ? withText(errors.missingCredential, olderTexts.missing) : errors.missingCredential
  const invalid = older ? withText(errors.invalidCredential, olderTexts.invalid) : errors.invalidCredential

  const guarded =
    (run: (call: PendiumCall) => Response | Promise<Response>) =>
    ({ request, url, identity }: Exchange<'pendium'>): Response | Promise<Response> => {
      if (identity.presented === undefined) return refused(missing)
      if (identity.holder === undefined) return refused(invalid)
      return run({ request, url, account: identity.holder.account })
    }

  const { now } = state.clock
  const visibility = createVisibility({ accounts, agents, now })
  const operations = pendiumOperations({
    agents,
    visibility,
    now,
    agentRefusalStatus: options.agentRefusalStatus ?? errors.agentNotAccessible.status,
  })

  return {
    name: 'pendium',
    origins: pendiumFacts.origins,
    operations: [
      ...withCors([
        ...operations.map(({ run, ...operation }): Operation<'pendium'> => ({ ...operation, answer: guarded(run) })),
        // Found: the score look-up is the one public operation.
        { name: 'score', method: 'GET', path: '/api/visibility/score', answer: ({ url }) => score(url) },
        ...createPendiumMcp(state, { visibility, findCredential: tokenCallers(state, 'pendium') }),
      ]),
      ...createPendiumConsole(state),
      ...state.authorizationServers.pendium.operations(pendiumFacts.origins),
    ],
    async identify({ headers }) {
      // "REST API: The server extracts the API key from the x-api-key header": Bearer is no credential here.
      const presented = presentedKey('x-api-key', apiKeyHeaderOf(headers))
      const key = presented && (await keys.find('pendium', presented.value))
      return { presented, holder: key && { key, account: accounts.get('pendium', key.account) } }
    },
    notFound: () => Response.json({ error: 'Not found' }, { status: 404 }),
  }
}

function withText(error: ErrorFacts, text: string): ErrorFacts {
  return { ...error, text, body: { ...error.body, error: text } }
}
