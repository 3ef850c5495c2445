import type { Clock } from '../clock.ts'
import { markedSecret, randomHex, sha256 } from '../secrets.ts'
import type { TokenInfo } from '../service.ts'
import type { RefreshRotation } from './configuration.ts'

/** What a person allowed an app to do: every token belongs to one, and dies with it. */
export interface Grant extends TokenInfo {
  readonly clientName: string
  readonly at: number
  readonly mayRefresh: boolean
  revoked: boolean
}

/** Which grants are meant: those that agree with every field given. */
export interface GrantFilter {
  readonly account?: string | undefined
  readonly clientId?: string | undefined
}

interface AccessToken {
  readonly grant: Grant
  readonly scopes: readonly string[]
  endsAt: number
}

interface RefreshToken {
  readonly grant: Grant
  readonly endsAt: number
  /** The one it was exchanged for. */
  readonly previous: RefreshToken | undefined
  used: boolean
  /** Whether one that it was exchanged for was used in its turn. */
  replaced: boolean
}

/** The grants and tokens of one authorization server; of a token only its SHA-256 is kept. */
export interface Grants {
  add(grant: Omit<Grant, 'at' | 'revoked'>): Grant
  /** Grants with a token that still works. */
  live(): readonly Grant[]
  keepAccessToken(token: string, grant: Grant, scopes: readonly string[], lifetime: number): Promise<void>
  newRefreshToken(grant: Grant, lifetime: number, previous?: RefreshToken): Promise<string>
  /** The working access token with this value. */
  findAccessToken(token: string): Promise<TokenInfo | undefined>
  /** The refresh token with this value, whatever its state; only an unknown one is undefined. */
  findRefreshToken(token: string): Promise<RefreshToken | undefined>
  /** Uses a refresh token, or ends its grant when it was used before and the rotation does not forgive that. */
  use(token: RefreshToken, rotation: RefreshRotation): 'good' | 'expired' | 'revoked' | 'reused'
  /** The grant of an access or refresh token, whatever its state. */
  grantOf(token: string): Promise<Grant | undefined>
  /** Ends all tokens of these grants, at once. */
  revoke(filter: GrantFilter): void
  /** Ends the access tokens of an account or an app, or all, and leaves the refresh tokens; returns how many. */
  endAccessTokens(filter: GrantFilter): number
}

/** Makes an empty store of grants. */
export function createGrants(clock: Clock): Grants {
  const grants = new Set<Grant>()
  const accessTokens = new Map<string, AccessToken>()
  const refreshTokens = new Map<string, RefreshToken>()
  const works = ({ grant, endsAt }: { readonly grant: Grant; readonly endsAt: number }): boolean =>
    !grant.revoked && clock.now() < endsAt
  return {
    add(grant) {
      const added = { ...grant, at: clock.now(), revoked: false }
      grants.add(added)
      return added
    },
    live() {
      const working = [...accessTokens.values(), ...refreshTokens.values()].filter(works)
      const alive = new Set(working.map(({ grant }) => grant))
      return [...grants].filter((grant) => alive.has(grant))
    },
    async keepAccessToken(token, grant, scopes, lifetime) {
      accessTokens.set(await sha256(token), { grant, scopes, endsAt: clock.now() + lifetime * 1000 })
    },
    async newRefreshToken(grant, lifetime, previous) {
      const token = markedSecret('rt_', randomHex(64))
      const endsAt = clock.now() + lifetime * 1000
      refreshTokens.set(await sha256(token), { grant, endsAt, previous, used: false, replaced: false })
      return token
    },
    async findAccessToken(value) {
      const token = accessTokens.get(await sha256(value))
      if (token === undefined || !works(token)) return undefined
      const { account, clientId, resource } = token.grant
      return { account, clientId, resource, scopes: token.scopes }
    },
    findRefreshToken: async (value) => refreshTokens.get(await sha256(value)),
    use(token, rotation) {
      if (token.grant.revoked) return 'revoked'
      if (clock.now() >= token.endsAt) return 'expired'
      if (rotation === 'none') return 'good'
      if (token.used && (rotation === 'strict' || token.replaced)) {
        // OAuth 2.1 section 4.3.1: whoever uses it again may have stolen it, so nobody may go on.
        token.grant.revoked = true
        return 'reused'
      }
      token.used = true
      if (token.previous !== undefined) token.previous.replaced = true
      return 'good'
    },
    async grantOf(value) {
      const digest = await sha256(value)
      return (accessTokens.get(digest) ?? refreshTokens.get(digest))?.grant
    },
    revoke(filter) {
      for (const grant of grants) if (agrees(grant, filter)) grant.revoked = true
    },
    endAccessTokens(filter) {
      const ending = [...accessTokens.values()].filter((token) => works(token) && agrees(token.grant, filter))
      for (const token of ending) token.endsAt = clock.now()
      return ending.length
    },
  }
}

/** Tells whether a filter means a grant. */
export function agrees(grant: Grant, { account, clientId }: GrantFilter): boolean {
  return (account ?? grant.account) === grant.account && (clientId ?? grant.clientId) === grant.clientId
}
