import type * as oauth from 'oauth4webapi'
import type { OAuthClient } from './client-authentication.ts'
import { type AccessToken, createSecret, type Secret } from './credential.ts'
import { type Asker, endpointOptions, type LibraryOptions } from './http-oauth.ts'
import { part } from './part.ts'
import type { Service } from './service.ts'

/** One grant: what is sent. */
export interface Grant {
  readonly request: (
    server: oauth.AuthorizationServer,
    client: oauth.Client,
    authentication: oauth.ClientAuth,
    options: LibraryOptions,
  ) => Promise<Response>
  /** What the request carries besides the client's own, and no message may repeat. */
  readonly secrets: readonly Secret[]
}

export interface TokenRequest extends Asker {
  readonly service: Service
  readonly server: oauth.AuthorizationServer
  /** Absent where the grant alone says who asks (RFC 7521 section 4.1). */
  readonly client?: OAuthClient | undefined
  readonly grant: Grant
  /** Name of the source, for the token and for messages. */
  readonly source: string
}

/** What a token endpoint gave. */
export interface Tokens {
  readonly accessToken: AccessToken
  /** Renews the access token; absent where none was given. */
  readonly refreshToken?: Secret
}

/**
 * The one place that posts to a token endpoint, whatever the grant.
 *
 * @throws PentauthError `client_refused` when the client is refused (`invalid_client`), `token_request_rejected` for another
 *   refusal (its `parameters.error` is the server's code), `temporarily_unavailable` for 5xx, 429 and network trouble,
 *   `token_response_invalid` for an unusable answer.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.2
 */
export async function requestToken(request: TokenRequest): Promise<Tokens> {
  const { runtime, server, grant, client } = request
  // The library asks for a client in any case; `anonymously` sends nothing of it.
  const named = { client_id: client?.clientId ?? 'none' }
  const requestedAt = runtime.now()
  const authentication = client ? await authenticationOf(client, runtime.now) : anonymously
  const secrets = secretsOf(request)
  const response = await grant.request(server, named, authentication, endpointOptions(request, 'token', secrets))
  const { status, headers } = response
  const text = await response.text()
  const answer = status === 200 ? usedParts(text) : undefined
  const scopes = answer && isUsable(answer) ? plainScopes(answer.scope, secrets) : undefined
  if (answer && scopes) return tokensFrom(request, answer, scopes, requestedAt)
  // Everything else the protocol library judges, and what it says is put in our words.
  const { judgedTokens } = await part(import('./token-refusal.ts'))
  return judgedTokens(request, { status, headers, text }, secrets, requestedAt)
}

const anonymously: oauth.ClientAuth = () => undefined

/** Most clients of people have nothing to prove themselves with; what others need is loaded. */
async function authenticationOf(client: OAuthClient, now: () => number): Promise<oauth.ClientAuth> {
  if (client.authMethod === 'none' && !client.assertion)
    return (_server, { client_id }, body) => body.set('client_id', client_id)
  return (await part(import('./client-authentication.ts'))).clientAuthentication(client, now)
}

/** What an answer says of tokens, as far as it means something. */
export interface TokenAnswer {
  readonly access_token: string
  readonly token_type: unknown
  readonly expires_in?: number
  readonly refresh_token?: string
  readonly scope?: string
}

/** The parts of an answer that are used, as far as they mean something: a good token must not be lost for the others. */
export function usedParts(text: string): TokenAnswer | undefined {
  try {
    const answer: Partial<Record<string, unknown>> = Object.assign(Object.create(null), JSON.parse(text))
    if (typeof answer.access_token !== 'string' || 'error' in answer) return undefined
    const { access_token, token_type, expires_in, refresh_token, scope } = answer
    const lifetime = typeof expires_in === 'string' || typeof expires_in === 'number' ? Number(expires_in) : Number.NaN
    return Object.assign(Object.create(null), {
      access_token,
      token_type,
      ...(Number.isFinite(lifetime) && lifetime >= 0 && expires_in !== '' ? { expires_in: lifetime } : {}),
      ...(typeof refresh_token === 'string' && refresh_token !== '' ? { refresh_token } : {}),
      ...(typeof scope === 'string' ? { scope } : {}),
    })
  } catch {
    return undefined
  }
}

// RFC 6750 section 2.1 allows less; what cannot travel in a header is what must be refused at receipt.
export const tokenPattern: RegExp = /^[\x21-\x7e]{1,65536}$/

/** Text that is shorter may be all of a secret, and what is longer may repeat a part of one. */
const plainLength = 12

function isUsable({ access_token, token_type, refresh_token = access_token }: TokenAnswer): boolean {
  const isPlain = (token: string) => token.length >= plainLength && tokenPattern.test(token)
  return typeof token_type === 'string' && /^bearer$/i.test(token_type) && [access_token, refresh_token].every(isPlain)
}

/** The scopes of an answer where their names are too short to repeat a secret; what else one may hold has to be looked at closely. */
function plainScopes(scope: string | undefined, secrets: readonly Secret[]): readonly string[] | undefined {
  const names = scope?.split(' ') ?? []
  const isShort = (secret: Secret) => secret.reveal().length < plainLength
  const isPlain = names.every((name) => /^(?:[a-z:]{1,11}|offline_access)$/.test(name)) && !secrets.some(isShort)
  return isPlain ? names : undefined
}

/** The tokens of an answer that was judged. */
export function tokensFrom(
  { service, source }: Pick<TokenRequest, 'service' | 'source'>,
  { access_token, expires_in, scope, refresh_token }: TokenAnswer,
  scopes: readonly string[],
  requestedAt: number,
): Tokens {
  const until = endOf(access_token, expires_in, requestedAt) ?? endAfter(service.oauth?.tokenLifetime, requestedAt)
  const accessToken: AccessToken = {
    kind: 'access-token',
    secret: createSecret(access_token),
    source,
    ...(until === undefined ? {} : { expiresAt: until }),
    ...(scope === undefined ? {} : { scopes }),
  }
  return refresh_token === undefined ? { accessToken } : { accessToken, refreshToken: createSecret(refresh_token) }
}

/** What goes to the token endpoint and is nobody's business. */
function secretsOf({ client, grant }: TokenRequest): Secret[] {
  return client?.clientSecret ? [client.clientSecret, ...grant.secrets] : [...grant.secrets]
}

/** When a token ends, by what the server said, else by the token itself where it is a JWT (RFC 9068 section 2.2). */
function endOf(token: string, expiresIn: number | undefined, requestedAt: number): number | undefined {
  if (expiresIn !== undefined) return endAfter(expiresIn, requestedAt)
  try {
    const payload = token.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? ''
    const { exp, iat } = JSON.parse(atob(payload)) as { exp?: unknown; iat?: unknown }
    if (typeof exp !== 'number') return undefined
    // Its own beginning, where it says one: this machine's clock may be a day off.
    return endAfter(exp - (typeof iat === 'number' ? iat : requestedAt / 1000), requestedAt)
  } catch {
    return undefined
  }
}

// Counted from before the request: the server's clock started no earlier. A year bounds absurd lifetimes.
function endAfter(seconds: number | undefined, requestedAt: number): number | undefined {
  if (seconds === undefined || !(seconds >= 0)) return undefined
  return requestedAt + Math.min(seconds, 31_536_000) * 1000
}
