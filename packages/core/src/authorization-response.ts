import * as oauth from 'oauth4webapi'
import { part } from './part.ts'
import type { ExpectedResponse } from './response-refusal.ts'
import type { Service } from './service.ts'

/**
 * The parameters of a genuine response: its state is ours, its issuer the one that was asked (RFC 9207), nothing is there twice.
 *
 * @throws PentauthError `sign_in_response_invalid` for what is no answer to this request; `sign_in_failed` when the server or the
 *   person said no; `temporarily_unavailable` when the server cannot answer now.
 */
export async function authorizationResponse(
  service: Service,
  { server, clientId, state }: ExpectedResponse,
  response: URLSearchParams,
): Promise<URLSearchParams> {
  let code: string | undefined
  let isRefused = false
  try {
    const checked = oauth.validateAuthResponse(server, { client_id: clientId }, response, state)
    // Looked at by the library only when the code is sent.
    if (checked.get('code') && checked.getAll('code').length === 1) return checked
  } catch (error) {
    isRefused = true
    code = error instanceof oauth.AuthorizationResponseError ? error.error : undefined
  }
  const { responseRefusal } = await part(import('./response-refusal.ts'))
  throw responseRefusal(service, { server, state }, response, { isRefused, code })
}
