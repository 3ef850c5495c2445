import * as oauth from 'oauth4webapi'
import { createSecret, type Secret } from './credential.ts'
import { PentauthError } from './errors.ts'
import { printable } from './printable.ts'
import { withoutSecrets } from './redaction.ts'
import { retryAfterOf } from './retry-after.ts'
import type { Service } from './service.ts'
import { inWords } from './service-link.ts'
import {
  type Answer,
  isOfType,
  type TokenRequest,
  type Tokens,
  tokenPattern,
  tokensFrom,
  usedParts,
} from './token-answer.ts'

/**
 * What an answer is that is not plainly good: an error, or tokens after all.
 *
 * @throws PentauthError as `requestToken`.
 */
export async function judgedTokens(
  request: TokenRequest,
  { status, headers, text }: Answer,
  secrets: readonly Secret[],
  requestedAt: number,
): Promise<Tokens> {
  const { service, server, client } = request
  if (isTemporary(status)) throw unavailable(service, endpointOf(server), { status, headers }, request.runtime.now())
  // Read before the library sees it: its errors carry whole answers, and an answer may hold tokens.
  const used = status === 200 ? usedParts(text) : undefined
  const body = status === 204 || status === 304 || text === '' ? null : used ? JSON.stringify(used) : text
  const response = new Response(body, { status, headers })
  const answer = await oauth
    .processGenericTokenEndpointResponse(server, { client_id: client?.clientId ?? 'none' }, response)
    .catch((error) => {
      throw refusal(request, status, error, secrets)
    })
  // Own properties only: what the answer has not must not come from a polluted Object.prototype.
  const own: oauth.TokenEndpointResponse = Object.assign(Object.create(null), answer)
  const { access_token, token_type, refresh_token, scope } = own
  if (!isOfType(token_type, request)) {
    const type = `a token of type ${JSON.stringify(printable(token_type))}`
    throw request.boundTo
      ? invalidAnswer(
          service,
          `${type}, which is bound to no key`,
          'Leave the option "dpop" out where the server has no use for it.',
        )
      : invalidAnswer(service, type)
  }
  if (!tokenPattern.test(access_token)) throw invalidAnswer(service, 'a token that cannot travel in a header')
  if (refresh_token !== undefined && !tokenPattern.test(refresh_token))
    throw invalidAnswer(service, 'a refresh token with characters that no token has')
  const all = [...secrets, ...[access_token, refresh_token ?? ''].map(createSecret)]
  return tokensFrom(request, own as never, scopesIn(scope ?? '', all), requestedAt)
}

// RFC 6749 section 3.3.
const scopePattern = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** The scopes of an answer, which are shown in events: what is no scope, or repeats a secret, is left out. */
function scopesIn(text: string, secrets: readonly Secret[]): readonly string[] {
  return text.split(' ').filter((one) => scopePattern.test(one) && withoutSecrets(one, ...secrets) === one)
}

function endpointOf({ token_endpoint, issuer }: oauth.AuthorizationServer): string {
  return token_endpoint ?? issuer
}

function refusal(
  { service, source, server }: TokenRequest,
  status: number,
  error: unknown,
  secrets: readonly Secret[],
): PentauthError {
  if (PentauthError.isInstance(error)) return error
  const endpoint = endpointOf(server)
  const isBody = error instanceof oauth.ResponseBodyError
  const code = isBody ? error.error : undefined
  const description = isBody ? error.error_description : undefined
  const said = [code, description]
    // The library checks only that the code is text.
    .filter((text) => typeof text === 'string')
    .map((text) => withoutSecrets(printable(text), ...secrets))
    .join(': ')
  // Servers answer a bad client with 401 and sometimes only with a challenge (RFC 6749 section 5.2).
  if (code === 'invalid_client' || (status === 401 && !isBody)) {
    const page = service.links.clients ?? service.links.docs
    return new PentauthError({
      code: 'client_refused',
      message: `${service.name} refused the OAuth client from ${source}: ${status}${said ? ` ${JSON.stringify(said)}` : ''}.`,
      service: service.id,
      status,
      // Without the server's own word it may be a gateway that answers.
      ...(code === 'invalid_client' ? { parameters: { error: code } } : {}),
      hint: `Check client ID and secret; make a client at ${inWords(page)}.`,
      link: page.url ?? service.links.docs.url,
    })
  }
  if (code === 'temporarily_unavailable' || code === 'server_error')
    return unavailable(service, endpoint, { status }, 0)
  if (isBody) {
    return new PentauthError({
      code: 'token_request_rejected',
      message: `${service.name} rejected the token request: ${status} ${JSON.stringify(said)}.`,
      service: service.id,
      status,
      parameters: { error: withoutSecrets(printable(String(code), 60), ...secrets) },
      hint:
        code === 'invalid_dpop_proof'
          ? 'Check the clock of this machine: the proof of a key is good for a short time.'
          : 'The client is known but may not have this token; check its settings.',
      link: service.links.docs.url,
    })
  }
  return invalidAnswer(
    service,
    `an answer that is no token response (status ${status} from ${new URL(endpoint).origin})`,
  )
}

/** The error about an answer that is of no use. */
export function invalidAnswer(
  service: Service,
  what: string,
  hint = 'Check that the service URL is right and that no proxy or login page answers in its place.',
): PentauthError {
  return new PentauthError({
    code: 'token_response_invalid',
    message: `${service.name}'s token endpoint sent ${what}.`,
    service: service.id,
    hint,
    link: service.links.docs.url,
  })
}

/** Request Timeout, Too Early, Too Many Requests, and the server's own troubles. */
function isTemporary(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500
}

function unavailable(
  service: Service,
  endpoint: string,
  response: { readonly status: number; readonly headers?: Headers },
  now: number,
): PentauthError {
  return new PentauthError({
    code: 'temporarily_unavailable',
    message: `${service.name}'s token endpoint at ${new URL(endpoint).origin} answered ${response.status}.`,
    service: service.id,
    status: response.status,
    hint: 'Try again later; the client itself was not refused.',
    retryable: true,
    retryAfter: response.headers && retryAfterOf(response.headers, now),
  })
}
