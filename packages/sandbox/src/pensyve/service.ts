import { challengeFor } from '../authorization-server/authorization-server.ts'
import { withCors } from '../cors.ts'
import { type ErrorFacts, refusal } from '../facts.ts'
import { tokenCallers } from '../mcp/token.ts'
import { presentedKey } from '../presented-credential.ts'
import { createRateLimit } from '../rate-limit.ts'
import { type JsonObject, jsonBody } from '../request-body.ts'
import type { Exchange, Operation, Service } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { createPensyveConsole } from './console-page.ts'
import { pensyveFacts } from './facts.ts'
import { createPensyveMcp } from './mcp.ts'
import { createMemories, namespaceOf } from './memories.ts'
import { type PensyveCall, pensyveOperations, problem } from './operations.ts'
import { allows, neededScope } from './scope.ts'

const { errors } = pensyveFacts

/** The Pensyve API and its MCP server: memories behind scoped keys. */
export function createPensyve(state: SandboxState): Service<'pensyve'> {
  const { clock, keys, accounts } = state
  const options = state.options.pensyve ?? {}
  const limit = createRateLimit(options.rateLimit, clock.now)
  const memories = createMemories(clock.now)
  const server = state.authorizationServers.pensyve
  const [metadata] = server.configuration.resources[0].metadata
  const invalidKey = invalidCredential(options.invalidKeyStatus ?? 403)
  const invalidToken = invalidCredential(options.invalidTokenStatus ?? 401)

  // The order is the public gateway's: credential, rate limit; the scope after both is assumed.
  const answer = async (call: PensyveCall, exchange: Exchange<'pensyve'>): Promise<Response> => {
    const { request, identity, outside } = exchange
    if (identity.presented === undefined) return refusal(errors.missingCredential)
    if (identity.holder === undefined) {
      if (identity.presented.kind === 'api-key') return refusal(invalidKey)
      if (invalidToken.status === 403) return refusal(invalidToken)
      return refusal(invalidToken, { 'www-authenticate': challengeFor(outside(metadata), 'invalid_token') })
    }
    const { account, key, token } = identity.holder
    if (!limit.take(key?.id ?? `${account.id} ${token?.clientId}`)) {
      return refusal(errors.rateLimited, { 'retry-after': '60' })
    }
    const granted = token?.scopes ?? [key?.scope ?? 'mcp']
    if (!allows(granted, call.scopedAs)) return insufficientScope(call.scopedAs)
    const body: JsonObject | undefined = call.method === 'GET' ? {} : await jsonBody(request)
    if (body === undefined) return problem(400, 'The body must be a JSON object.')
    try {
      return Response.json(call.run(body, memories.in(namespaceOf(account.id, body, request.headers))))
    } catch (error) {
      if (error instanceof Response) return error
      throw error
    }
  }

  const open = (name: string, path: string, make: () => Response): Operation<'pensyve'> => ({
    name,
    method: 'GET',
    path,
    answer: make,
  })

  return {
    name: 'pensyve',
    origins: pensyveFacts.origins,
    operations: [
      ...withCors([
        ...pensyveOperations.map(
          (call): Operation<'pensyve'> => ({
            name: call.name,
            method: call.method,
            path: call.path,
            answer: (exchange) => answer(call, exchange),
          }),
        ),
        // Found in the public gateway: no credential is asked for here. The version is the sandbox's own.
        open('health', '/v1/health', () => Response.json({ status: 'ok', version: 'sandbox' })),
        open('gateway_health', '/health', () => new Response('ok')),
        open('ready', '/ready', () => new Response('ready')),
        ...createPensyveMcp(state, { memories, limit, findCredential: tokenCallers(state, 'pensyve') }),
      ]),
      ...createPensyveConsole(state),
      ...server.operations(pensyveFacts.origins),
    ],
    async identify(request) {
      // The public gateway matches exactly `Bearer `, and refuses what does not begin with the documented prefix.
      const header = request.headers.get('authorization') ?? ''
      const value = header.startsWith('Bearer ') ? header.slice(7) : undefined
      if (value !== undefined && /^[\w-]+\.[\w-]+\.[\w-]*$/.test(value)) {
        const token = await server.findAccessToken(value)
        return {
          presented: { kind: 'access-token', header: 'authorization', value },
          holder: token && { token, account: accounts.get('pensyve', token.account) },
        }
      }
      const presented = presentedKey('authorization', value)
      const key = presented && (await keys.find('pensyve', presented.value))
      return { presented, holder: key && { key, account: accounts.get('pensyve', key.account) } }
    },
    // The form of the gateway's other errors after the credential; its answer to an unknown path is not known.
    notFound: () => problem(404, 'not found'),
    stamp(headers) {
      if (options.sunsetHeaders !== true) return
      headers.set('sunset', 'Thu, 01 Oct 2026 00:00:00 GMT')
      headers.set('deprecation', 'true')
    },
  }
}

function invalidCredential(status: 401 | 403): ErrorFacts {
  const { invalidCredential: facts } = errors
  return status === 403 ? facts : { ...facts, status, body: { ...facts.body, error: 'unauthorized' } }
}

// The status, the text and the challenge are assumed: RFC 6750 section 3.1 gives the form.
function insufficientScope(operation: string): Response {
  return refusal(errors.insufficientScope, {
    'www-authenticate': `Bearer error="insufficient_scope", scope="${neededScope(operation)}"`,
  })
}
