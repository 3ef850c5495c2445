import type * as oauth from 'oauth4webapi'
import { type AccessToken, createSecret, type Secret } from './credential.ts'
import { PentauthError } from './errors.ts'
import { bounded } from './http.ts'
import { printable } from './printable.ts'
import { withoutSecrets } from './redaction.ts'
import type { Runtime } from './runtime.ts'
import type { Service } from './service.ts'
import { retryAfterOf } from './service-error.ts'
import { inWords } from './service-link.ts'

/** How the client proves itself at the token endpoint (RFC 6749 section 2.3), once the protocol library is loaded. */
export type ClientAuthentication = (library: typeof oauth) => oauth.ClientAuth

/** One grant: what is sent, and how its answer is read. */
export interface Grant {
  readonly request: (
    library: typeof oauth,
    server: oauth.AuthorizationServer,
    client: oauth.Client,
    authentication: oauth.ClientAuth,
    options: oauth.ClientCredentialsGrantRequestOptions,
  ) => Promise<Response>
  readonly process: (
    library: typeof oauth,
    server: oauth.AuthorizationServer,
    client: oauth.Client,
    response: Response,
  ) => Promise<oauth.TokenEndpointResponse>
}

export interface TokenRequest {
  readonly service: Service
  readonly runtime: Runtime
  readonly clientId: string
  readonly authentication: ClientAuthentication
  readonly grant: Grant
  /** What the request carries and no message may repeat, whatever the server answers. */
  readonly secrets: readonly Secret[]
  /** Name of the source, for the token and for messages. */
  readonly source: string
}

/**
 * The one place that posts to a token endpoint, whatever the grant.
 *
 * @throws PentauthError `client_refused` when the client is refused (`invalid_client`), `token_request_rejected` for another
 *   refusal, `temporarily_unavailable` for 5xx, 429 and network trouble, `token_response_invalid` for an unusable answer.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.2
 */
export async function requestToken(request: TokenRequest): Promise<AccessToken> {
  const { service, runtime, clientId, grant } = request
  const endpoint = tokenEndpointOf(service)
  const library = await import('oauth4webapi')
  const server = { issuer: service.oauth?.issuer ?? new URL(endpoint).origin, token_endpoint: endpoint }
  const client = { client_id: clientId }
  const options = {
    [library.customFetch]: (url: string, init: object) => bounded(runtime, url, init),
    // What may be plain http was decided when the service was taken: loopback, or a named option.
    [library.allowInsecureRequests]: true,
    // Its own: the library would take those of a polluted Object.prototype.
    headers: new Headers(),
  }
  const requestedAt = runtime.now()
  const response = await grant.request(library, server, client, request.authentication(library), options)
  if (isTemporary(response.status)) throw unavailable(service, endpoint, response, runtime.now())
  // Read before the library sees it: its errors carry whole answers, and an answer may hold tokens.
  const answer = await grant.process(library, server, client, response).catch((error) => {
    throw refusal(request, endpoint, response.status, library, error)
  })
  return accessToken(request, answer, requestedAt)
}

/**
 * The service's token endpoint.
 *
 * @throws PentauthError `invalid_service` when the definition has none.
 */
export function tokenEndpointOf(service: Service): string {
  // An own property: a polluted Object.prototype must not choose where a secret goes.
  if (service.oauth && Object.hasOwn(service.oauth, 'tokenEndpoint')) return String(service.oauth.tokenEndpoint)
  throw new PentauthError({
    code: 'invalid_service',
    message: `${service.name} has no token endpoint in its definition.`,
    service: service.id,
    link: service.links.docs.url,
  })
}

// RFC 6750 section 2.1 allows less; what cannot travel in a header is what must be refused at receipt.
const tokenPattern = /^[\x21-\x7e]{1,65536}$/

function accessToken(
  { service, source }: TokenRequest,
  { access_token, token_type, expires_in, scope }: oauth.TokenEndpointResponse,
  requestedAt: number,
): AccessToken {
  if (token_type.toLowerCase() !== 'bearer')
    throw invalid(service, `a token of type ${JSON.stringify(printable(token_type))}`)
  if (!tokenPattern.test(access_token)) throw invalid(service, 'a token that cannot travel in a header')
  const lifetime = Number.isFinite(expires_in) ? (expires_in as number) : service.oauth?.tokenLifetime
  return {
    kind: 'access-token',
    secret: createSecret(access_token),
    source,
    // Counted from before the request: the server's clock started no earlier. A year bounds absurd lifetimes.
    ...(lifetime === undefined ? {} : { expiresAt: requestedAt + Math.min(lifetime, 31_536_000) * 1000 }),
    ...(typeof scope === 'string' ? { scopes: scope.split(' ').filter(Boolean) } : {}),
  }
}

function refusal(
  { service, source, secrets }: TokenRequest,
  endpoint: string,
  status: number,
  library: typeof oauth,
  error: unknown,
): PentauthError {
  if (PentauthError.isInstance(error)) return error
  const isBody = error instanceof library.ResponseBodyError
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
