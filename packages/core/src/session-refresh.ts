import type * as oauth from 'oauth4webapi'
import { checkAddress } from './address.ts'
import type { OAuthClient, SigningKey } from './client-authentication.ts'
import { createSecret, type ProofKey } from './credential.ts'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { refreshTokenGrant } from './grants.ts'
import { rulesOf } from './metadata.ts'
import { part } from './part.ts'
import { resourceParameter } from './resource-parameter.ts'
import type { Service } from './service.ts'
import { sharedDiscovery } from './shared-discovery.ts'
import { keptClient } from './sign-in-client.ts'
import type { StoredSession } from './stored-session.ts'
import type { Tokens } from './token-answer.ts'
import { requestToken } from './token-request.ts'

/**
 * New tokens for a session, asked for once.
 *
 * @param boundTo what the tokens are bound to, the new ones, too
 * @param privateKey of the client, where it proves itself with one: no store keeps that
 * @throws PentauthError `sign_in_required` when the refresh token is not accepted any more (`invalid_grant`), `invalid_option` without
 *   the key of the client, `unsafe_address` for a token endpoint that no sign-in would have taken, else as `requestToken`.
 */
export async function refreshTokens(
  flow: Flow,
  stored: StoredSession,
  boundTo?: ProofKey,
  privateKey?: SigningKey,
): Promise<Tokens> {
  const { service, runtime, emit } = flow
  // A store may have been tampered with.
  await checkAddress(flow, stored.tokenEndpoint, 'token_endpoint')
  const client = await clientOf(stored, privateKey)
  const wish = { resource: resourceParameter(service, stored.resource), scope: scopeAgain(service, stored) }
  const grant = refreshTokenGrant(createSecret(stored.refreshToken ?? ''), wish)
  const request = { service, runtime, emit, server: serverOf(stored), client, grant, boundTo, source: 'sign-in' }
  return requestToken(request).catch(async (error) => {
    // What passes is told as it is, also by a page that can load nothing now.
    if (!PentauthError.isInstance(error) || error.retryable) throw error
    // The server may have moved: the next sign-in asks where it is.
    sharedDiscovery.forget(flow)
    throw (await part(import('./refresh-refusal.ts'))).refreshRefusal(flow, error)
  })
}

/** What the session may do, for servers that want to hear it again; and that it goes on, which few of them repeat in an answer. */
function scopeAgain(service: Service, { scopes = [], requested = [] }: StoredSession): string | undefined {
  if (rulesOf(service).scopeOnRefresh !== true) return undefined
  const names = new Set([...scopes, ...requested.filter((name) => name === 'offline_access')])
  return names.size > 0 ? [...names].join(' ') : undefined
}

/** The authorization server as the sign-in found it. */
export function serverOf({ issuer, tokenEndpoint, revocationEndpoint }: StoredSession): oauth.AuthorizationServer {
  const revocation = revocationEndpoint ? { revocation_endpoint: revocationEndpoint } : {}
  return Object.assign(Object.create(null), { issuer, token_endpoint: tokenEndpoint, ...revocation })
}

/**
 * The client of a session.
 *
 * @throws PentauthError `invalid_option` where its private key was not given.
 */
export function clientOf({ client }: StoredSession, privateKey?: SigningKey): Promise<OAuthClient> {
  const { clientSecret, ...rest } = client
  const secret = clientSecret === undefined ? {} : { clientSecret: createSecret(clientSecret) }
  return keptClient(Object.assign(Object.create(null), rest, secret), privateKey)
}
