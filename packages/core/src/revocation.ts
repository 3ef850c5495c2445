import * as oauth from 'oauth4webapi'
import { checkAddress } from './address.ts'
import { clientAuthentication, type SigningKey } from './client-authentication.ts'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { endpointOptions } from './http-oauth.ts'
import { clientOf, serverOf } from './session-refresh.ts'
import type { StoredSession } from './stored-session.ts'

/**
 * Tells the authorization server that a session is over; the refresh token goes first, and takes the access tokens with it
 * (RFC 7009 section 2.1).
 *
 * @throws PentauthError `unsafe_address`, `temporarily_unavailable` when it cannot be told now, `token_request_rejected` when it will not hear of it.
 */
export async function revokeTokens(flow: Flow, stored: StoredSession, privateKey?: SigningKey): Promise<void> {
  await checkAddress(flow, stored.revocationEndpoint, 'revocation_endpoint')
  const client = await clientOf(stored, privateKey)
  const parameters = { client_id: client.clientId }
  const token = stored.refreshToken ?? stored.accessToken
  const hint = stored.refreshToken ? 'refresh_token' : 'access_token'
  const response = await oauth.revocationRequest(
    serverOf(stored),
    parameters,
    clientAuthentication(client, flow.runtime.now),
    token,
    {
      ...endpointOptions(flow, 'revocation')(oauth.customFetch, oauth.allowInsecureRequests),
      additionalParameters: { token_type_hint: hint },
    },
  )
  if (response.status === 200) return
  const isTemporary = response.status === 429 || response.status >= 500
  throw new PentauthError({
    code: isTemporary ? 'temporarily_unavailable' : 'token_request_rejected',
    message: `${flow.service.name}'s revocation endpoint at ${new URL(stored.revocationEndpoint ?? stored.issuer).origin} answered ${response.status}.`,
    service: flow.service.id,
    status: response.status,
    hint: 'The session is gone from this program; end it at the service, too, where its connected apps are listed.',
    retryable: isTemporary,
  })
}
