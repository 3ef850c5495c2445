import type { Outside } from '../addresses.ts'
import { markedSecret, randomHex } from '../secrets.ts'
import type { ServerContext } from './configuration.ts'
import type { Grant, Grants } from './grants.ts'
import type { Signing } from './signing.ts'

/** The answer of a token endpoint (RFC 6749 section 5.1). */
export interface TokenAnswer {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly refresh_token?: string
  readonly scope?: string
}

/** How one pair of tokens is made. */
export interface IssueOptions {
  readonly outside: Outside
  /** Narrower than the grant's, if a refresh asked for that. */
  readonly scopes?: readonly string[] | undefined
  /** Makes the refresh token that goes with it; without it there is none. */
  readonly refreshToken?: (() => Promise<string>) | undefined
}

/** Makes access tokens, and what goes with them. */
export type Issue = (grant: Grant, options: IssueOptions) => Promise<TokenAnswer>

/** Makes the issuer of one authorization server. */
export function createIssue({ configuration, clock }: ServerContext, grants: Grants, signing: Signing): Issue {
  const { accessTokenLifetime: lifetime, tokenFormat, issuer } = configuration
  return async (grant, { outside, scopes = grant.scopes, refreshToken }) => {
    const { account, clientId } = grant
    const token =
      tokenFormat === 'opaque'
        ? markedSecret('at_', randomHex(64))
        : await signing.sign({
            issuer: outside(issuer),
            audience: outside(grant.resource),
            account,
            clientId,
            scopes,
            now: Math.floor(clock.now() / 1000),
            lifetime,
          })
    await grants.keepAccessToken(token, grant, scopes, lifetime)
    const next = await refreshToken?.()
    return {
      access_token: token,
      token_type: 'Bearer',
      expires_in: lifetime,
      ...(next === undefined ? {} : { refresh_token: next }),
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    }
  }
}
