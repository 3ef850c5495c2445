import { basicPair } from '../basic-credentials.ts'
import { refusal } from '../facts.ts'
import { jsonBody, stringField } from '../request-body.ts'
import type { Exchange } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { type AccessTokens, accessTokenLifetime } from './access-token.ts'
import { pentographerFacts } from './facts.ts'

const { errors } = pentographerFacts
// RFC 6749 section 5.1; assumed, the page shows no headers.
const noStore = { 'cache-control': 'no-store', pragma: 'no-cache' }

interface TokenRequest {
  readonly grantType: string | undefined
  readonly clientId: string | undefined
  readonly clientSecret: string | undefined
  readonly basic: boolean
}

/**
 * `POST /api/oauth/token`: form-encoded as on the page; a JSON body and HTTP Basic are found in the public source, and so
 * is every error.
 */
export function createTokenEndpoint(
  state: SandboxState,
  tokens: AccessTokens,
): (exchange: Exchange<'pentographer'>) => Promise<Response> {
  const { accounts, clients } = state
  return async (exchange) => {
    const { grantType, clientId, clientSecret, basic } = await tokenRequestOf(exchange.request)
    if (clientId !== undefined) {
      const header = basic ? 'authorization' : 'body'
      exchange.identity = { presented: { kind: 'client', header, value: clientId } }
    }
    if (grantType !== 'client_credentials') return refusal(errors.unsupportedGrantType, noStore)
    if (clientId === undefined || clientSecret === undefined) {
      return refusal(errors.missingClientCredentials, noStore)
    }
    const client = await clients.authenticate(clientId, clientSecret)
    if (client === undefined) {
      // RFC 6749 section 5.2 asks for the challenge when the client used HTTP Basic.
      return refusal(errors.invalidClient, basic ? { ...noStore, 'www-authenticate': 'Basic' } : noStore)
    }
    const account = accounts.get('pentographer', client.account)
    exchange.identity = { ...exchange.identity, holder: { account } }
    return Response.json(
      {
        access_token: await tokens.issue(clientId, account.organisation),
        token_type: 'Bearer',
        expires_in: accessTokenLifetime,
      },
      { headers: noStore },
    )
  }
}

/** `GET /api/oauth/discovery`, found; only what the sandbox does is announced. */
export function discovery({ outside }: Pick<Exchange, 'outside'>): Response {
  return Response.json({
    issuer: outside('https://app.pentographer.com'),
    token_endpoint: outside('https://app.pentographer.com/api/oauth/token'),
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
  })
}

async function tokenRequestOf(request: Request): Promise<TokenRequest> {
  const field = await bodyFields(request)
  const pair = basicPair(request.headers)
  return {
    grantType: field('grant_type'),
    clientId: pair?.id ?? field('client_id'),
    clientSecret: pair?.secret ?? field('client_secret'),
    basic: pair !== undefined,
  }
}

async function bodyFields(request: Request): Promise<(name: string) => string | undefined> {
  if (request.headers.get('content-type')?.includes('application/json')) {
    const body = (await jsonBody(request)) ?? {}
    return (name) => stringField(body, name)
  }
  const form = new URLSearchParams(await request.text())
  return (name) => form.get(name) || undefined
}
