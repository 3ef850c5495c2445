import { type AccessToken, createSecret, type Secret, summarize } from './credential.ts'
import type { CredentialRequest, CredentialSource } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import { shapeFlaw } from './key-format.ts'
import type { Service } from './service.ts'
import { type ClientAuthentication, type Grant, requestToken, tokenEndpointOf } from './token-request.ts'

/** An OAuth client that acts for itself (RFC 6749 section 4.4). */
export interface ClientCredentials {
  readonly clientId: string
  readonly clientSecret: string
}

export interface ClientCredentialsOptions {
  /** Name of the source in messages; `client credentials` unless given. */
  readonly name?: string
}

type Reason = 'first' | 'expiring' | 'refused'

/** What one service gave; by service, so that a source shared by two deployments carries no token from one to the other. */
interface State {
  token: AccessToken | undefined
  obtainedAt: number
  pending: Promise<AccessToken> | undefined
  failure: { readonly error: PentauthError; readonly until: number } | undefined
}

const grant: Grant = {
  request: (library, server, client, authentication, options) =>
    library.clientCredentialsGrantRequest(server, client, authentication, {}, options),
  process: (library, server, client, response) => library.processClientCredentialsResponse(server, client, response),
}

/** Part of a token's life, counted back from its end, in which it is renewed in the background; at most `longestMargin`. */
const marginPart = 0.2
const longestMargin = 60_000
/** A token this close to its end (ms, and a tenth of its life) is not sent any more: it could expire on the way. */
const unusable = 5_000
/** Pause (ms) after a failed renewal: at least, and at most whatever the server asks for, so that no answer locks a process out. */
const pause = 1_000
const longestPause = 60_000

/**
 * Access tokens from the client credentials grant: fetched once for all callers, renewed in the background before they expire.
 *
 * The secret travels in the body or the Authorization header of the token request, as the service's definition says, never in a URL.
 *
 * @throws PentauthError (when first used) `malformed_credential` or `wrong_credential` for an unusable client ID or secret,
 *   `client_refused` when the service refuses the client, `temporarily_unavailable` when it cannot answer now.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 * @example
 * ```ts
 * const auth = createAuth(pentographer, { credential: clientCredentials({ clientId, clientSecret }) })
 * ```
 */
export function clientCredentials(client: ClientCredentials, options: ClientCredentialsOptions = {}): CredentialSource {
  const name = options.name ?? 'client credentials'
  const clientId = trimmed(client.clientId)
  const clientSecret = trimmed(client.clientSecret)
  const states = new WeakMap<Service, State>()

  const stateOf = (service: Service): State => {
    const state = states.get(service) ?? { token: undefined, obtainedAt: 0, pending: undefined, failure: undefined }
    states.set(service, state)
    return state
  }

  /** One token request for all who need it now. */
  const obtain = (request: CredentialRequest, reason: Reason): Promise<AccessToken> => {
    const state = stateOf(request.service)
    state.pending ??= fetchToken(request, reason, state).finally(() => {
      state.pending = undefined
    })
    return state.pending
  }

  const fetchToken = async (request: CredentialRequest, reason: Reason, state: State) => {
    const { service, runtime, emit } = request
    if (state.failure && runtime.now() < state.failure.until) throw state.failure.error
    checkClient(service, clientId, clientSecret, name)
    const secret = createSecret(clientSecret)
    const tokenEndpoint = tokenEndpointOf(service)
    emit?.({ type: 'token_requested', tokenEndpoint, source: name, reason })
    try {
      const authentication = secretAuthentication(service, secret)
      const secrets = [secret]
      const fresh = await requestToken({ service, runtime, clientId, authentication, grant, secrets, source: name })
      state.failure = undefined
      state.obtainedAt = runtime.now()
      state.token = fresh
      emit?.({ type: 'token_received', credential: await summarize(fresh, runtime.crypto), expiresAt: fresh.expiresAt })
      return fresh
    } catch (error) {
      if (PentauthError.isInstance(error)) {
        const wait = Math.min(Math.max((error.retryAfter ?? 0) * 1000, pause), longestPause)
        // Also after a definitive refusal, which every call and every resource would ask for again.
        state.failure = { error, until: runtime.now() + wait }
        emit?.({ type: 'token_request_failed', tokenEndpoint, code: error.code, retryAfter: error.retryAfter })
      }
      throw error
    }
  }

  return {
    name,
    kind: 'access-token',
    present: () => true,
    get(request) {
      const { token, obtainedAt } = stateOf(request.service)
      if (!token) return obtain(request, 'first')
      if (token.expiresAt === undefined) return token
      const left = token.expiresAt - request.runtime.now()
      const life = token.expiresAt - obtainedAt
      if (left <= Math.min(unusable, life / 10)) return obtain(request, 'expiring')
      // The valid token serves meanwhile; a failure is told by an event and met again when the token has really ended.
      if (left <= Math.min(longestMargin, life * marginPart)) obtain(request, 'expiring').catch(() => undefined)
      return token
    },
    async renew(refused, request) {
      // Only the token that was refused is replaced: the current one may be newer than the request that failed.
      const { token } = stateOf(request.service)
      if (token && token !== refused) return token
      return obtain(request, 'refused')
    },
  }
}

// Copied ids and secrets bring white space along; a value that is no string is reported when it is checked.
function trimmed(value: string): string {
  return typeof value === 'string' ? value.trim() : value
}

function secretAuthentication(service: Service, secret: Secret): ClientAuthentication {
  return (library) =>
    service.oauth?.tokenEndpointAuthMethod === 'client_secret_post'
      ? library.ClientSecretPost(secret.reveal())
      : library.ClientSecretBasic(secret.reveal())
}

function checkClient(service: Service, clientId: string, clientSecret: string, source: string): void {
  const { clientIdPrefix, clientSecretPrefix } = service.oauth ?? {}
  check(service, 'client ID', clientId, clientIdPrefix, source)
  check(service, 'client secret', clientSecret, clientSecretPrefix, source)
}

function check(
  service: Service,
  what: 'client ID' | 'client secret',
  value: string,
  prefix: string | undefined,
  source: string,
): void {
  const flaw =
    typeof value !== 'string'
      ? 'is not a string'
      : (shapeFlaw(value) ??
        (prefix && !service.relocated && !value.startsWith(prefix) ? `does not begin with "${prefix}"` : undefined))
  if (!flaw) return
  const page = service.links.clients ?? service.links.docs
  throw new PentauthError({
    code: 'malformed_credential',
    message: `The ${service.name} ${what} from ${source} ${flaw}.`,
    service: service.id,
    hint: `Make an OAuth client at ${page.where}${page.url ? ` (${page.url})` : ''}.`,
    link: page.url ?? service.links.docs.url,
  })
}
