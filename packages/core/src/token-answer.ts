import type * as oauth from 'oauth4webapi'
import type { Asker } from './asker.ts'
import type { OAuthClient } from './client-authentication.ts'
import { type AccessToken, createSecret, type ProofKey, type Secret } from './credential.ts'
import type { LibraryOptions } from './http-oauth.ts'
import type { Service } from './service.ts'

// What a token endpoint is asked, and what its answer says.

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
  /** Says what the answer is, where that is something else than a Bearer token. */
  readonly judge?: (
    request: TokenRequest,
    answer: Answer,
    secrets: readonly Secret[],
    requestedAt: number,
  ) => Promise<Tokens>
}

/** An answer of a token endpoint. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export interface TokenRequest extends Asker {
  readonly service: Service
  readonly server: oauth.AuthorizationServer
  /** Absent where the grant alone says who asks (RFC 7521 section 4.1). */
  readonly client?: OAuthClient | undefined
  readonly grant: Grant
  /** What the tokens are to be bound to; Bearer tokens unless given. */
  readonly boundTo?: ProofKey | undefined
  /** Name of the source, for the token and for messages. */
  readonly source: string
}

/** Parameters without those that have no value. */
export function given(parameters: object): Record<string, string> {
  const own = Object.entries(parameters).filter(([, value]) => value !== undefined)
  return Object.assign(Object.create(null), Object.fromEntries(own))
}

/** What a token endpoint gave. */
export interface Tokens {
  readonly accessToken: AccessToken
  /** Renews the access token; absent where none was given. */
  readonly refreshToken?: Secret
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

/** Whether tokens are of the type that was asked for: a bound one without its key is of no use, and a Bearer one is not what was wanted. */
export function isOfType(type: string, { boundTo }: Pick<TokenRequest, 'boundTo'>): boolean {
  return type.toLowerCase() === (boundTo ? 'dpop' : 'bearer')
}

// RFC 6750 section 2.1 allows less; what cannot travel in a header is what must be refused at receipt.
export const tokenPattern: RegExp = /^[\x21-\x7e]{1,65536}$/

/** The tokens of an answer that was judged. */
export function tokensFrom(
  { service, source, boundTo }: Pick<TokenRequest, 'service' | 'source' | 'boundTo'>,
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
    ...(boundTo ? { boundTo } : {}),
  }
  return refresh_token === undefined ? { accessToken } : { accessToken, refreshToken: createSecret(refresh_token) }
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
