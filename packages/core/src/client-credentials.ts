import { shownAddress } from './address.ts'
import { type ClientCredentials, type ClientOrigin, checkClient } from './client-format.ts'
import { type AccessToken, summarize } from './credential.ts'
import type { CredentialRequest, CredentialSource } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import type { Service } from './service.ts'

export interface ClientCredentialsOptions {
  /** Name of the source in messages; `client credentials` unless given. */
  readonly name?: string | undefined
  /** Where each of the two comes from, for messages: `PENTOGRAPHER_CLIENT_ID`, `.env:3`. */
  readonly from?: ClientOrigin | undefined
}

type Reason = 'first' | 'expiring' | 'refused'

/** What one service gave; by service, so that a source shared by two deployments carries no token from one to the other. */
interface State {
  token: AccessToken | undefined
  obtainedAt: number
  pending: Promise<AccessToken> | undefined
  failure: { readonly error: PentauthError; readonly at: number; readonly until: number } | undefined
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
 * The secret travels in the body or the Authorization header of the token request, as the service's definition says, never in a URL; a
 * private key signs and stays.
 *
 * @throws PentauthError (when first used) `malformed_credential` or `wrong_credential` for an unusable client ID or secret,
 *   `credential_not_accepted` when the service has no such grant,
 *   `client_refused` when the service refuses the client, `token_request_rejected`, `token_response_invalid`, `invalid_service`
 *   without a token endpoint, `temporarily_unavailable` when it cannot answer now.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 * @example
 * ```ts
 * const auth = createAuth(pentographer, { credential: clientCredentials({ clientId, clientSecret }) })
 * ```
 */
export function clientCredentials(client: ClientCredentials, options: ClientCredentialsOptions = {}): CredentialSource {
  const name = options.name ?? 'client credentials'
  const from = options.from ?? { clientId: name, clientSecret: name }
  const states = new WeakMap<Service, State>()

  const stateOf = (service: Service): State => {
    const state = states.get(service) ?? { token: undefined, obtainedAt: 0, pending: undefined, failure: undefined }
    states.set(service, state)
    return state
  }

  /** One token request for all who need it now. */
  const obtain = (request: CredentialRequest, reason: Reason): Promise<AccessToken> => {
    const state = stateOf(request.service)
    // Started behind a turn: a listener that asks for the token again must find this request.
    state.pending ??= Promise.resolve()
      .then(() => fetchToken(request, reason, state))
      .finally(() => {
        state.pending = undefined
      })
    return state.pending
  }

  const fetchToken = async (request: CredentialRequest, reason: Reason, state: State) => {
    const { service, runtime, emit } = request
    const now = runtime.now()
    // A clock that was set back must not stretch the pause.
    if (state.failure && state.failure.at <= now && now < state.failure.until) throw state.failure.error
    const checked = checkClient(service, client, from)
    const endpoint = tokenEndpointOf(service)
    const tokenEndpoint = shownAddress(new URL(endpoint))
    emit?.({ type: 'token_requested', tokenEndpoint, source: name, reason })
    try {
      const { clientCredentialsGrant, requestToken } = await import('./oauth.ts')
      const { accessToken: fresh } = await requestToken({
        service,
        runtime,
        emit,
        server: { issuer: service.oauth?.issuer ?? new URL(endpoint).origin, token_endpoint: endpoint },
        client: checked,
        grant: clientCredentialsGrant,
        source: name,
      })
      state.failure = undefined
      state.obtainedAt = runtime.now()
      state.token = fresh
      emit?.({ type: 'token_received', credential: await summarize(fresh, runtime.crypto), expiresAt: fresh.expiresAt })
      return fresh
    } catch (error) {
      if (PentauthError.isInstance(error)) {
        const wait = Math.min(Math.max((error.retryAfter ?? 0) * 1000, pause), longestPause)
        // Also after a definitive refusal, which every call and every resource would ask for again.
        state.failure = { error, at: runtime.now(), until: runtime.now() + wait }
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

/** The service's own token endpoint; without one, error `invalid_service`. */
function tokenEndpointOf(service: Service): string {
  // An own property: a polluted Object.prototype must not choose where a secret goes.
  if (service.oauth && Object.hasOwn(service.oauth, 'tokenEndpoint')) return String(service.oauth.tokenEndpoint)
  throw new PentauthError({
    code: 'invalid_service',
    message: `${service.name} has no token endpoint in its definition.`,
    service: service.id,
    link: service.links.docs.url,
  })
}
