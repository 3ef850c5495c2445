import { basicPair } from '../basic-credentials.ts'
import type { Exchange } from '../service.ts'
import type { FindClient } from './authorization-request.ts'
import { claimedClient, createCheckAssertion } from './client-assertion.ts'
import type { ServerContext } from './configuration.ts'
import type { OAuthClient, OAuthClients, TokenEndpointAuthMethod } from './oauth-client.ts'
import { type OrRefusal, oauthProblem } from './oauth-problem.ts'
import type { Workloads } from './workload-identity.ts'

/** Finds out which client sent a form, and whether it is that client; a wrong one is answered with `invalid_client`. */
export type AuthenticateClient = (
  exchange: Exchange,
  fields: ReadonlyMap<string, string>,
) => Promise<OrRefusal<OAuthClient>>

/** What a form says of its sender. */
interface Claim {
  readonly method: TokenEndpointAuthMethod
  readonly id: string | undefined
  /** The secret or the assertion. */
  readonly proof: string
}

/** Makes the client authentication of one authorization server (RFC 6749 section 2.3, public clients included). */
export function createClientAuthentication(
  { configuration, clock }: ServerContext,
  clients: OAuthClients,
  findClient: FindClient,
  workloads: Workloads,
): AuthenticateClient {
  const { issuer, endpoints } = configuration
  const checkAssertion = createCheckAssertion(clock.now)

  const isProven = async (client: OAuthClient, { method, proof }: Claim, { outside }: Exchange): Promise<boolean> => {
    if (method === 'none') return true
    // RFC 7523 lets the token endpoint be the audience; newer texts ask for the issuer.
    if (method === 'private_key_jwt' && client.workload !== undefined)
      return workloads.speaksFor(proof, client.workload, outside)
    const audiences = [outside(issuer), outside(endpoints.token)]
    return method === 'private_key_jwt' ? checkAssertion(client, proof, audiences) : clients.hasSecret(client.id, proof)
  }

  return async (exchange, fields) => {
    const claims = claimsOf(exchange.request.headers, fields)
    const [claim, another] = claims
    const { id, method } = claim
    const inHeader = method === 'client_secret_basic'
    const identify = (known: boolean): void => {
      const header = inHeader ? 'authorization' : 'body'
      if (id !== undefined) exchange.identity = { presented: { kind: 'client', header, value: id }, known }
    }
    identify(false)
    if (another !== undefined || (fields.get('client_id') ?? id) !== id) {
      return oauthProblem('invalid_request', 'The client used two ways to say who it is.')
    }
    const client = id === undefined ? undefined : await findClient(id)
    if (client === undefined) return invalidClient('The client is not known here.', inHeader)
    if (method !== client.authMethod) {
      return invalidClient(`The client is registered for ${client.authMethod}.`, inHeader)
    }
    if (!(await isProven(client, claim, exchange))) {
      return invalidClient('The client secret or assertion is wrong.', inHeader)
    }
    identify(true)
    return client
  }
}

/** Every way the sender says who it is; more than one are not allowed, and none is a public client. */
function claimsOf(headers: Headers, fields: ReadonlyMap<string, string>): readonly [Claim, ...Claim[]] {
  const basic = basicPair(headers)
  const [id, secret] = [fields.get('client_id'), fields.get('client_secret')]
  const assertion = fields.get('client_assertion')
  const [first, ...others]: readonly Claim[] = [
    // A header that cannot be read says nothing, and is still the way that was used.
    ...(/^basic\b/i.test(headers.get('authorization') ?? '')
      ? [{ method: 'client_secret_basic', id: basic?.id, proof: basic?.secret ?? '' } as const]
      : []),
    ...(secret === undefined ? [] : [{ method: 'client_secret_post', id, proof: secret } as const]),
    ...(assertion === undefined
      ? []
      : [{ method: 'private_key_jwt', id: claimedClient(fields) ?? id, proof: assertion } as const]),
  ]
  return first === undefined ? [{ method: 'none', id, proof: '' }] : [first, ...others]
}

// RFC 6749 section 5.2 asks for the challenge when the client used the header.
function invalidClient(description: string, usedHeader: boolean): Response {
  return oauthProblem('invalid_client', description, 401, usedHeader ? { 'www-authenticate': 'Basic' } : {})
}
