import type * as oauth from 'oauth4webapi'
import type { OAuthClient } from './client-authentication.ts'
import type { ProofKey, Secret } from './credential.ts'
import { endpointOptions } from './http-oauth.ts'
import { part } from './part.ts'
import { gatewaySecrets } from './service-settings.ts'
import {
  isOfType,
  type TokenAnswer,
  type TokenRequest,
  type Tokens,
  tokenPattern,
  tokensFrom,
  usedParts,
} from './token-answer.ts'

/**
 * The one place that posts to a token endpoint, whatever the grant.
 *
 * @throws PentauthError `client_refused` when the client is refused (`invalid_client`), `token_request_rejected` for another
 *   refusal (its `parameters.error` is the server's code), `temporarily_unavailable` for 5xx, 429 and network trouble,
 *   `token_response_invalid` for an unusable answer.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.2
 */
export async function requestToken(request: TokenRequest): Promise<Tokens> {
  const { runtime, server, grant, client, boundTo } = request
  // The library asks for a client in any case; `anonymously` sends nothing of it.
  const named = { client_id: client?.clientId ?? 'none' }
  const requestedAt = runtime.now()
  const authentication = client ? await authenticationOf(client, runtime.now) : anonymously
  const secrets = secretsOf(request)
  const dpop = boundTo && (await part(import('./dpop-steps.ts')))
  const options = endpointOptions(request, 'token', secrets, dpop?.proverOf(boundTo as ProofKey, runtime))
  const ask = () => grant.request(server, named, authentication, options)
  let response = await ask()
  // Made anew, since a client proves itself with each request only once, too.
  if (await dpop?.wantsNonce(response)) response = await ask()
  const { status, headers } = response
  const text = await response.text()
  if (grant.judge) return grant.judge(request, { status, headers, text }, secrets, requestedAt)
  const answer = status === 200 ? usedParts(text) : undefined
  const scopes = answer && isUsable(answer, request) ? plainScopes(answer.scope, secrets) : undefined
  if (answer && scopes) return tokensFrom(request, answer, scopes, requestedAt)
  // Everything else the protocol library judges, and what it says is put in our words.
  const judging = part(import('./token-refusal.ts'))
  // Tokens that are there are not lost for the scopes that were to be looked at.
  if (answer && isGood(answer, request) && !(await judging.catch(() => undefined))) {
    const { scope: _, ...tokens } = answer
    return tokensFrom(request, tokens, [], requestedAt)
  }
  return (await judging).judgedTokens(request, { status, headers, text }, secrets, requestedAt)
}

const anonymously: oauth.ClientAuth = () => undefined

/** Most clients of people have nothing to prove themselves with; what others need is loaded. */
async function authenticationOf(client: OAuthClient, now: () => number): Promise<oauth.ClientAuth> {
  if (client.authMethod === 'none' && !client.assertion)
    return (_server, { client_id }, body) => body.set('client_id', client_id)
  return (await part(import('./client-authentication.ts'))).clientAuthentication(client, now)
}

/** Text that is shorter may be all of a secret, and what is longer may repeat a part of one. */
const plainLength = 12

function isUsable(answer: TokenAnswer, request: TokenRequest): boolean {
  const { access_token, refresh_token = access_token } = answer
  return isGood(answer, request) && [access_token, refresh_token].every(({ length }) => length >= plainLength)
}

function isGood(
  { access_token, token_type, refresh_token = access_token }: TokenAnswer,
  request: TokenRequest,
): boolean {
  const isToken = (token: string) => tokenPattern.test(token)
  return typeof token_type === 'string' && isOfType(token_type, request) && [access_token, refresh_token].every(isToken)
}

/** The scopes of an answer where their names are too short to repeat a secret; what else one may hold has to be looked at closely. */
function plainScopes(scope: string | undefined, secrets: readonly Secret[]): readonly string[] | undefined {
  const names = scope?.split(' ') ?? []
  const isShort = (secret: Secret) => secret.reveal().length < plainLength
  const isPlain = names.every((name) => /^(?:[a-z:]{1,11}|offline_access)$/.test(name)) && !secrets.some(isShort)
  return isPlain ? names : undefined
}

/** What goes to the token endpoint and is nobody's business. */
function secretsOf({ client, grant, service }: TokenRequest): Secret[] {
  const secrets = [...grant.secrets, ...gatewaySecrets(service)]
  return client?.clientSecret ? [client.clientSecret, ...secrets] : secrets
}
