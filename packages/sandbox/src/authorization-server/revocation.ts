import type { Exchange } from '../service.ts'
import type { AuthenticateClient } from './client-authentication.ts'
import type { Grants } from './grants.ts'
import { formFields, noStore, oauthProblem } from './oauth-problem.ts'

/** Token revocation (RFC 7009): either token ends the whole connection, at once. */
export function createRevocation(
  authenticate: AuthenticateClient,
  grants: Grants,
): (exchange: Exchange) => Promise<Response> {
  return async (exchange) => {
    const fields = await formFields(exchange.request)
    if (fields instanceof Response) return fields
    const client = await authenticate(exchange, fields)
    if (client instanceof Response) return client
    const token = fields.get('token')
    if (token === undefined) return oauthProblem('invalid_request', 'token is required.')
    const grant = await grants.grantOf(token)
    if (grant !== undefined && grant.clientId !== client.id) {
      return oauthProblem('unauthorized_client', 'The token belongs to another client.')
    }
    if (grant !== undefined) grant.revoked = true
    // Section 2.2: a token that is unknown is as good as revoked.
    return new Response(null, { status: 200, headers: noStore })
  }
}
