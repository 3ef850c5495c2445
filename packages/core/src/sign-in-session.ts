import type { OAuthClient } from './client-authentication.ts'
import type { AccessToken } from './credential.ts'
import type { PendingSignIn } from './pending-sign-in.ts'
import { ownOf, type StoredSession, sessionWith } from './stored-session.ts'
import type { Tokens } from './token-answer.ts'

/** What is known of a sign-in when its tokens come. */
export type SignInFacts = Pick<
  PendingSignIn,
  'server' | 'client' | 'resource' | 'scope' | 'askedBefore' | 'account' | 'app' | 'proofKey'
> & {
  readonly redirectUri?: string
}

/** The session that a sign-in begins. */
export function sessionOf(
  { server, client, resource, account, scope, askedBefore = [], redirectUri, proofKey }: SignInFacts,
  tokens: Tokens,
  obtainedAt: number,
  signInId: string,
): StoredSession {
  const { clientId, authMethod, clientSecret }: Partial<OAuthClient> = ownOf(client)
  const { issuer, token_endpoint, revocation_endpoint } = ownOf(server)
  const { expiresAt, secret, scopes: granted }: Partial<AccessToken> = ownOf(tokens.accessToken)
  const { refreshToken }: Partial<Tokens> = ownOf(tokens)
  const asked = scope?.split(' ')
  const requested = [...new Set([...askedBefore, ...(granted && asked ? asked : [])])]
  return sessionWith({
    issuer,
    tokenEndpoint: token_endpoint,
    revocationEndpoint: revocation_endpoint,
    client: ownOf({ clientId, authMethod, ...(clientSecret ? { clientSecret: clientSecret.reveal() } : {}) }),
    resource,
    redirectUri,
    requested: requested.length > 0 ? requested : undefined,
    account,
    accessToken: secret?.reveal(),
    refreshToken: refreshToken?.reveal(),
    expiresAt,
    // Without a scope in the answer, what was asked for was granted (RFC 6749 section 5.1).
    scopes: granted ?? asked,
    obtainedAt,
    signInId,
    proofKey,
  })
}
