import type { AccessToken, ProofKey } from './credential.ts'
import { PentauthError, type PentauthErrorCode } from './errors.ts'
import type { Flow } from './flow.ts'
import type { ProofJwk } from './proof-key.ts'
import type { Store } from './store.ts'
import type { Tokens } from './token-answer.ts'

/** What is kept of one sign-in, as JSON text in a store. */
export interface StoredSession {
  readonly version: 1
  readonly issuer: string
  readonly tokenEndpoint: string
  /** Absent where the authorization server has none. */
  readonly revocationEndpoint?: string
  readonly client: StoredClient
  /** The RFC 8707 `resource` value that the tokens were asked for with. */
  readonly resource: string
  /** What the client is registered with; absent for a device. */
  readonly redirectUri?: string
  /** What was asked for, now and by the sign-ins this one added to, where the server may have granted something else. */
  readonly requested?: readonly string[]
  /** The caller's label for whose sign-in this is. */
  readonly account: string
  readonly accessToken: string
  readonly refreshToken?: string
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number
  readonly scopes?: readonly string[]
  /** Milliseconds since the epoch: when the token was asked for. */
  readonly obtainedAt: number
  /** Which sign-in it began with, and how often it was renewed since: what is older is told from that, since clocks differ. */
  readonly signInId?: string
  readonly renewals?: number
  /** What its tokens are bound to, as secret as they are; absent for Bearer tokens. */
  readonly proofKey?: ProofJwk
}

/** The OAuth client of a session, as far as text can hold it. */
export interface StoredClient {
  readonly clientId: string
  readonly authMethod: 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'
  readonly clientSecret?: string
}

/** What is left of a session that the authorization server refused: nothing secret. */
export interface EndedSession {
  readonly version: 1
  /** Why, as the code of the refusal. */
  readonly ended: string
  readonly account: string
  /** Milliseconds since the epoch. */
  readonly endedAt: number
}

/**
 * Asks for new tokens, once, without a retry of its own.
 *
 * Rejects with `sign_in_required` for `invalid_grant`, `client_refused` for `invalid_client`: these end the session. What is
 * `retryable` passes; without a `status` the answer was lost.
 */
export type RefreshTokens = (flow: Flow, stored: StoredSession, boundTo?: ProofKey) => Promise<Tokens>
/** Tells the authorization server that the tokens are not needed any more (RFC 7009); only called where it has an endpoint for that. */
export type RevokeTokens = (flow: Flow, stored: StoredSession) => Promise<void>
/** The part of OAuth that sends something. */
export interface Engine {
  readonly refreshTokens: RefreshTokens
  readonly revokeTokens: RevokeTokens
  /** Forgets a client that registered itself. */
  readonly forgetClient?: (
    flow: Flow,
    place: {
      readonly issuer: string
      readonly redirectUri: string | undefined
      readonly store: Store
      readonly clientId: string
    },
  ) => Promise<unknown>
}

/** What a store holds under the name of a session. */
export type Found =
  | { readonly is: 'nothing' }
  | { readonly is: 'session'; readonly session: StoredSession }
  | { readonly is: 'ended'; readonly ended: EndedSession }
  | { readonly is: 'unreadable'; readonly why: string }

/**
 * Reads what a store holds: written by an older or a newer version, by hand, or in part.
 *
 * @param account whose it has to be: one that was moved in the store must not sign in anybody else
 */
export function parseStored(text: string | undefined, account?: string): Found {
  if (text === undefined || text === null) return { is: 'nothing' }
  const own = objectOf(text)
  if (!own) return { is: 'unreadable', why: 'it is no JSON object' }
  if (own.version !== 1) return { is: 'unreadable', why: 'this version does not know its format' }
  const flaw = isText(own.ended) && isText(own.account) ? undefined : flawOf(own)
  if (flaw) return { is: 'unreadable', why: `its ${flaw} is missing or no such thing` }
  if (account !== undefined && own.account !== account) return { is: 'unreadable', why: 'it is of another account' }
  if (isText(own.ended)) return { is: 'ended', ended: own as unknown as EndedSession }
  const known = Object.keys(checks).map((name) => [name, own[name]])
  return { is: 'session', session: sessionWith({ ...Object.fromEntries(known), client: ownOf(own.client) }) }
}

/** The first property that is not what it should be. */
function flawOf(own: Record<string, unknown>): string | undefined {
  return Object.keys(checks).find((name) => !checks[name]?.(own[name]))
}

type Check = (value: unknown) => boolean
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const isText: Check = (value) => typeof value === 'string' && value !== ''
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText)
const isHttp: Check = (value) => isText(value) && /^https?:\/\//i.test(String(value)) && URL.canParse(String(value))

/** What a stored session has, and what each of it has to be. */
const checks: Readonly<Record<string, Check>> = {
  issuer: isText,
  tokenEndpoint: isHttp,
  revocationEndpoint: /* @__PURE__ */ maybe(isHttp),
  client: isClient,
  resource: isText,
  redirectUri: /* @__PURE__ */ maybe(isText),
  requested: /* @__PURE__ */ maybe(isTexts),
  account: isText,
  accessToken: (value) => isText(value) && /^[\x21-\x7e]+$/.test(String(value)),
  refreshToken: /* @__PURE__ */ maybe(isText),
  expiresAt: /* @__PURE__ */ maybe(Number.isFinite),
  scopes: /* @__PURE__ */ maybe(isTexts),
  obtainedAt: Number.isFinite,
  signInId: /* @__PURE__ */ maybe(isText),
  renewals: /* @__PURE__ */ maybe(Number.isSafeInteger),
  // What it is shows when it signs.
  proofKey: /* @__PURE__ */ maybe(Boolean),
}

/** Own properties only: a polluted Object.prototype is no session. */
function objectOf(text: unknown): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text as string)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? ownOf(value) : undefined
  } catch {
    return undefined
  }
}

const authMethods = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']

function isClient(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { clientId, authMethod, clientSecret } = ownOf(value)
  return (
    isText(clientId) &&
    authMethods.includes(authMethod as string) &&
    (clientSecret === undefined || isText(clientSecret))
  )
}

/** A session of its own properties only: what it has not must not come from a polluted Object.prototype. */
export function sessionWith(facts: object): StoredSession {
  const known = Object.entries(facts).filter(([, value]) => value !== undefined)
  return ownOf({ version: 1, ...Object.fromEntries(known) }) as unknown as StoredSession
}

/** The same without anything that is inherited. */
export function ownOf<T = unknown>(facts: unknown): Record<string, T> {
  return Object.assign(Object.create(null), facts)
}

/**
 * The session after a renewal: a refresh token is replaced when there is a new one and kept when there is none; so are scopes.
 *
 * @throws PentauthError `token_response_invalid` for a refresh token that is empty.
 */
export function renewedSession(flow: Flow, stored: StoredSession, tokens: Tokens, requestedAt: number): StoredSession {
  const accessToken = tokens.accessToken.secret.reveal()
  const { refreshToken: given }: Partial<Tokens> = ownOf(tokens)
  const refreshToken = given ? given.reveal() : stored.refreshToken
  if (refreshToken === '') {
    const what = 'an empty refresh token'
    throw new PentauthError({
      code: 'token_response_invalid',
      message: `${flow.service.name}'s token endpoint sent ${what}.`,
      service: flow.service.id,
      hint: 'Try again; if it stays so, tell the people who run the authorization server.',
    })
  }
  const granted: Partial<AccessToken> = ownOf(tokens.accessToken)
  const expiresAt = boundedExpiry(granted.expiresAt, requestedAt)
  const { scopes = stored.scopes } = granted
  const renewals = (stored.renewals ?? 0) + 1
  const changed = { accessToken, refreshToken, expiresAt, scopes, obtainedAt: requestedAt, renewals }
  return sessionWith({ ...stored, ...changed })
}

/** The end of a token, if it is one: an end before the beginning says nothing, and nobody keeps a promise for more than a year. */
export function boundedExpiry(expiresAt: unknown, obtainedAt: number): number | undefined {
  if (typeof expiresAt !== 'number' || !(expiresAt > obtainedAt)) return undefined
  return Math.min(expiresAt, obtainedAt + 31_536_000_000)
}

/** What is written in the place of a session that has ended. */
export function endedText(account: string, ended: PentauthErrorCode, endedAt: number): string {
  return JSON.stringify({ version: 1, ended, account, endedAt } satisfies EndedSession)
}
