import * as oauth from 'oauth4webapi'
import { clientAuthentication, type OAuthClient } from './client-authentication.ts'
import { type AccessToken, createSecret, type Secret } from './credential.ts'
import { PentauthError } from './errors.ts'
import { type Asker, endpointOptions, withUsed } from './http-oauth.ts'
import { printable } from './printable.ts'
import { withoutSecrets } from './redaction.ts'
import { retryAfterOf } from './retry-after.ts'
import type { Service } from './service.ts'
import { inWords } from './service-link.ts'

/** One grant: what is sent, and how its answer is read. */
export interface Grant {
  readonly request: (
    server: oauth.AuthorizationServer,
    client: oauth.Client,
    authentication: oauth.ClientAuth,
    options: oauth.ClientCredentialsGrantRequestOptions,
  ) => Promise<Response>
  readonly process: (
    server: oauth.AuthorizationServer,
    client: oauth.Client,
    response: Response,
  ) => Promise<oauth.TokenEndpointResponse>
  /** What the request carries besides the client's own, and no message may repeat. */
  readonly secrets: readonly Secret[]
}

export interface TokenRequest extends Asker {
  readonly service: Service
  readonly server: oauth.AuthorizationServer
  /** Absent where the grant alone says who asks (RFC 7521 section 4.1). */
  readonly client?: OAuthClient | undefined
  readonly grant: Grant
  /** Name of the source, for the token and for messages. */
  readonly source: string
}

/** What a token endpoint gave. */
export interface Tokens {
  readonly accessToken: AccessToken
  /** Renews the access token; absent where none was given. */
  readonly refreshToken?: Secret
}

/**
 * The one place that posts to a token endpoint, whatever the grant.
 *
 * @throws PentauthError `client_refused` when the client is refused (`invalid_client`), `token_request_rejected` for another
 *   refusal (its `parameters.error` is the server's code), `temporarily_unavailable` for 5xx, 429 and network trouble,
 *   `token_response_invalid` for an unusable answer.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.2
 */
export async function requestToken(request: TokenRequest): Promise<Tokens> {
  const { service, runtime, server, grant } = request
  // The library asks for a client in any case; `anonymously` sends nothing of it.
  const client = { client_id: request.client?.clientId ?? 'none' }
  const requestedAt = runtime.now()
  const authentication = request.client ? clientAuthentication(request.client, runtime.now) : anonymously
  const secrets = secretsOf(request)
  const response = await grant.request(server, client, authentication, endpointOptions(request, 'token', secrets))
  if (isTemporary(response.status)) throw unavailable(service, endpointOf(server), response, runtime.now())
  // Read before the library sees it: its errors carry whole answers, and an answer may hold tokens.
  const answer = await grant.process(server, client, await withUsed(response, usedParts)).catch((error) => {
    throw refusal(request, response.status, error, secrets)
  })
  // Own properties only: what the answer has not must not come from a polluted Object.prototype.
  return tokensFrom(request, Object.assign(Object.create(null), answer), secrets, requestedAt)
}

const anonymously: oauth.ClientAuth = () => undefined

function endpointOf({ token_endpoint, issuer }: oauth.AuthorizationServer): string {
  return token_endpoint ?? issuer
}

/** The parts of an answer that are used, as far as they mean something: a good token must not be lost for the others. */
function usedParts(text: string): string | undefined {
  try {
    const answer: Partial<Record<string, unknown>> = Object.assign(Object.create(null), JSON.parse(text))
    if (typeof answer.access_token !== 'string' || 'error' in answer) return undefined
    const { access_token, token_type, expires_in, refresh_token, scope } = answer
    const lifetime = typeof expires_in === 'string' || typeof expires_in === 'number' ? Number(expires_in) : Number.NaN
    return JSON.stringify({
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

// RFC 6750 section 2.1 allows less; what cannot travel in a header is what must be refused at receipt.
const tokenPattern = /^[\x21-\x7e]{1,65536}$/
// RFC 6749 section 3.3.
const scopePattern = /^[\x21\x23-\x5b\x5d-\x7e]+$/

function tokensFrom(
  { service, source }: TokenRequest,
  { access_token, token_type, expires_in, scope, refresh_token }: oauth.TokenEndpointResponse,
  sent: readonly Secret[],
  requestedAt: number,
): Tokens {
  if (token_type.toLowerCase() !== 'bearer')
    throw invalid(service, `a token of type ${JSON.stringify(printable(token_type))}`)
  if (!tokenPattern.test(access_token)) throw invalid(service, 'a token that cannot travel in a header')
  if (refresh_token !== undefined && !tokenPattern.test(refresh_token))
    throw invalid(service, 'a refresh token with characters that no token has')
  const until = endOf(access_token, expires_in, requestedAt) ?? endAfter(service.oauth?.tokenLifetime, requestedAt)
  const accessToken: AccessToken = {
    kind: 'access-token',
    secret: createSecret(access_token),
    source,
    ...(until === undefined ? {} : { expiresAt: until }),
    ...(typeof scope === 'string'
      ? { scopes: scopesIn(scope, [...sent, ...[access_token, refresh_token ?? ''].map(createSecret)]) }
      : {}),
  }
  return refresh_token === undefined ? { accessToken } : { accessToken, refreshToken: createSecret(refresh_token) }
}

/** The scopes of an answer, which are shown in events: what is no scope, or repeats a secret, is left out. */
function scopesIn(text: string, secrets: readonly Secret[]): readonly string[] {
  return text.split(' ').filter((one) => scopePattern.test(one) && withoutSecrets(one, ...secrets) === one)
}

/** What goes to the token endpoint and is nobody's business. */
function secretsOf({ client, grant }: TokenRequest): Secret[] {
  return client?.clientSecret ? [client.clientSecret, ...grant.secrets] : [...grant.secrets]
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
      hint: 'The client is known but may not have this token; check its settings.',
      link: service.links.docs.url,
    })
  }
  return invalid(service, `an answer that is no token response (status ${status} from ${new URL(endpoint).origin})`)
}

function invalid(service: Service, what: string): PentauthError {
  return new PentauthError({
    code: 'token_response_invalid',
    message: `${service.name}'s token endpoint sent ${what}.`,
    service: service.id,
    hint: 'Check that the service URL is right and that no proxy or login page answers in its place.',
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
