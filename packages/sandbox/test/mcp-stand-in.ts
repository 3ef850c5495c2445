import { createAccounts } from '../src/accounts.ts'
import { createClients } from '../src/clients.ts'
import { createClock } from '../src/clock.ts'
import { createKeys } from '../src/keys.ts'
import { keyCallers } from '../src/mcp/api-key.ts'
import type { FindCredential } from '../src/mcp/caller.ts'
import type { SandboxOptions } from '../src/options.ts'
import { bearerOf } from '../src/presented-credential.ts'
import type { Exchange, Operation } from '../src/service.ts'
import type { ServiceName } from '../src/service-name.ts'
import type { SandboxState } from '../src/state.ts'
import { createUsageLog } from '../src/usage.ts'

// TEST SUPPORT, not shipped: stands in for the authorization servers, so that the MCP endpoints can be tested with access
// tokens apart from them.

/** What a stand-in token stands for. */
interface StandIn {
  readonly account: string
  readonly scopes?: readonly string[]
  /** On the sandbox's clock. */
  readonly endsAt?: number
}

/** The state of a sandbox, as its services are made with. */
export function standInState(options: SandboxOptions = {}): SandboxState {
  const clock = createClock(options.now)
  const accounts = createAccounts()
  const keys = createKeys(accounts, clock)
  return { options, clock, accounts, keys, clients: createClients(accounts, clock), usage: createUsageLog() }
}

/** Finds API keys as shipped, and access tokens in a table of the test's own. */
export function standInTokens<S extends ServiceName>(
  state: SandboxState,
  service: S,
  tokens: ReadonlyMap<string, StandIn>,
): FindCredential<S> {
  const byKey = keyCallers(state, service)
  return async (request) => {
    const token = tokens.get(bearerOf(request.headers) ?? '')
    if (token === undefined) return byKey(request)
    if (state.clock.now() >= (token.endsAt ?? Infinity)) return undefined
    return { account: state.accounts.get(service, token.account), via: 'access-token', scopes: token.scopes }
  }
}

/** Serves one operation alone, and keeps the exchanges. */
export function serveAlone<S extends ServiceName>(
  operation: Operation<S> | undefined,
): { fetch(input: Request | URL | string, init?: RequestInit): Promise<Response>; readonly seen: Exchange<S>[] } {
  const seen: Exchange<S>[] = []
  return {
    seen,
    async fetch(input, init) {
      const request = new Request(input, init)
      const exchange: Exchange<S> = { request, url: new URL(request.url), identity: {} }
      seen.push(exchange)
      return operation?.answer(exchange) ?? new Response(null, { status: 404 })
    },
  }
}
