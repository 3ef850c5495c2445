import { challengeFor } from '../authorization-server/authorization-server.ts'
import { withCors } from '../cors.ts'
import { streamedResponse } from '../event-stream.ts'
import { refusal } from '../facts.ts'
import { tokenCallers } from '../mcp/token.ts'
import { apiKeyHeaderOf, bearerOf, presentedKey } from '../presented-credential.ts'
import { jsonBody } from '../request-body.ts'
import type { Exchange, Service } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { isEntitled } from './accounts.ts'
import { createProfundisConsole } from './console-page.ts'
import { charge } from './credits.ts'
import { profundisFacts } from './facts.ts'
import { createProfundisMcp } from './mcp.ts'
import { domainOf, hostsOf } from './records.ts'

const { errors } = profundisFacts

/** The Profundis API and its MCP server: look-ups, paid with the credits of the account behind the credential. */
export function createProfundis(state: SandboxState): Service<'profundis'> {
  const { accounts, keys, options } = state
  const acceptBearer = options.profundis?.acceptBearer ?? true
  const server = state.authorizationServers.profundis
  const [metadata] = server.configuration.resources[0].metadata

  const subdomains = async ({ request, identity, outside }: Exchange<'profundis'>): Promise<Response> => {
    const challenge = (error?: string) => ({ 'www-authenticate': challengeFor(outside(metadata), error) })
    if (identity.presented === undefined) return refusal(errors.missingCredential, challenge())
    if (identity.holder === undefined) return refusal(errors.invalidCredential, challenge('invalid_token'))
    const { account, key, token } = identity.holder
    // The same gate as at the key's creation: the account can lose its entitlement while the key exists.
    if (!isEntitled(account)) return refusal(errors.notEntitled)
    const domain = domainOf((await jsonBody(request)) ?? {})
    if (domain === undefined) {
      // Assumed: a bad request costs nothing.
      return Response.json({ error: 'invalid_request', error_description: 'A domain is required.' }, { status: 400 })
    }
    const via = token === undefined ? 'api_key' : 'oauth'
    const left = charge(state, { account, operation: 'subdomains', via, keyId: key?.id, clientId: token?.clientId })
    if (left === undefined) return refusal(errors.outOfCredits)
    return streamedResponse(
      hostsOf(domain).map((host) => `${host}\n`),
      options.streamInterval ?? 0,
    )
  }

  return {
    name: 'profundis',
    origins: profundisFacts.origins,
    operations: [
      ...withCors([
        // Found in two public clients: the answer is read line by line, one host a line.
        { name: 'subdomains', method: 'POST', path: '/api/v2/common/data/subdomains', answer: subdomains },
        ...createProfundisMcp(state, { findCredential: tokenCallers(state, 'profundis') }),
      ]),
      ...createProfundisConsole(state),
      ...server.operations(profundisFacts.origins),
    ],
    async identify({ headers }) {
      // With both headers, `X-API-KEY` is read: it is the one seen in use. Not documented.
      const presented =
        presentedKey('x-api-key', apiKeyHeaderOf(headers)) ??
        (acceptBearer ? presentedKey('authorization', bearerOf(headers)) : undefined)
      const key = presented && (await keys.find('profundis', presented.value))
      // A key and a token look alike, so both are looked up; a token is taken only as Bearer.
      const bearer = key === undefined && presented?.header === 'authorization'
      const token = bearer ? await server.findAccessToken(presented.value) : undefined
      if (token !== undefined && presented !== undefined) {
        const account = accounts.get('profundis', token.account)
        return { presented: { ...presented, kind: 'access-token' }, holder: { token, account } }
      }
      return { presented, holder: key && { key, account: accounts.get('profundis', key.account) } }
    },
    notFound: () => Response.json({ error: 'not_found' }, { status: 404 }),
  }
}
