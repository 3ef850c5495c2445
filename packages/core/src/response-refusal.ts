import type * as oauth from 'oauth4webapi'
import { PentauthError } from './errors.ts'
import type { Service } from './service.ts'

/** What is known of the request that a response must answer. */
export interface ExpectedResponse {
  readonly server: oauth.AuthorizationServer
  readonly clientId: string
  readonly state: string
}

// What a server may say, in our words: its own text is not shown, since anybody can make up a callback (RFC 9700 section 4.4).
const refusals: Readonly<Record<string, string>> = {
  access_denied: 'It was declined.',
  invalid_scope: 'The authorization server does not give the requested scope.',
  invalid_target: 'The authorization server does not know the resource.',
  unauthorized_client: 'The authorization server does not let this client sign people in.',
  unsupported_response_type: 'The authorization server does not give codes to this client.',
  invalid_request: 'The authorization server did not understand the request.',
  login_required: 'The authorization server wants the person to sign in.',
  consent_required: 'The authorization server wants the person to agree.',
  interaction_required: 'The authorization server wants to ask the person something.',
}
const troubles = ['temporarily_unavailable', 'server_error']

/** Why a response is not accepted: what the protocol library refused, and with which code where the server gave one. */
export function responseRefusal(
  service: Service,
  { server, state }: Omit<ExpectedResponse, 'clientId'>,
  response: URLSearchParams,
  { isRefused, code }: { readonly isRefused: boolean; readonly code: string | undefined },
): PentauthError {
  if (code !== undefined) return refused(service, code)
  if (isRefused) return invalid(service, flawOf(server, response, state))
  return invalid(service, response.get('code') ? 'It holds "code" more than once.' : 'It holds no code.')
}

/** Which rule it breaks; nothing of the response itself is repeated. */
function flawOf(server: oauth.AuthorizationServer, response: URLSearchParams, state: string): string {
  const repeated = ['code', 'state', 'iss', 'error'].find((name) => response.getAll(name).length > 1)
  if (repeated) return `It holds "${repeated}" more than once.`
  if (response.get('state') !== state) return 'Its state is not the one that was sent.'
  const iss = response.get('iss')
  if (iss === null && server.authorization_response_iss_parameter_supported) return 'It does not say who issued it.'
  if (iss !== null && iss !== server.issuer) return 'Another server issued it.'
  return 'It is no response of the standard.'
}

function refused(service: Service, code: string): PentauthError {
  const isTrouble = troubles.includes(code)
  const known = Object.hasOwn(refusals, code) ? refusals[code] : 'The authorization server gave a reason of its own.'
  return new PentauthError({
    code: isTrouble ? 'temporarily_unavailable' : 'sign_in_failed',
    message: isTrouble
      ? `${service.name}'s authorization server cannot sign anybody in now.`
      : `The sign-in at ${service.name} was refused. ${known}`,
    service: service.id,
    ...(Object.hasOwn(refusals, code) || isTrouble ? { parameters: { error: code } } : {}),
    hint: isTrouble ? 'Try again later.' : hintFor(service, code),
    link: service.links.docs.url,
    retryable: isTrouble,
  })
}

function hintFor({ name, access }: Service, code: string): string {
  if (code === 'access_denied') return `Sign in again and allow the access.${access ? ` Who may: ${access}` : ''}`
  if (code === 'invalid_scope') return 'Ask for fewer scopes, or for none.'
  return `Start the sign-in again; if it goes on, check how the client is registered at ${name}.`
}

/** The error for a callback that is no answer to a sign-in of ours. */
export function invalid(service: Service, flaw: string): PentauthError {
  return new PentauthError({
    code: 'sign_in_response_invalid',
    message: `The response to the sign-in at ${service.name} was not accepted. ${flaw}`,
    service: service.id,
    hint: 'Nothing was signed in. Start the sign-in again, in the same browser, and finish it within ten minutes.',
    link: service.links.docs.url,
  })
}
