import { type AccessToken, summarize } from './credential.ts'
import type { Absent, CredentialRequest, CredentialSource } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import { isWithin } from './pause.ts'
import { perKey } from './per-key.ts'
import type { Service } from './service.ts'
import { lasts, unlessPassing } from './token-life.ts'
import { isInVain, noteRefusedAgain, noteRenewal, noteTaken, type TokenRefusals } from './token-refusals.ts'

/** A token request that is ready to be sent. */
export interface PreparedRequest {
  /** As events show it. */
  readonly tokenEndpoint: string
  send(): Promise<AccessToken>
}

/** What makes one kind of token source of another: how a token is asked for. */
export interface TokenSourceParts {
  readonly name: string
  /** What there is instead where the program has nothing to ask with; looked at only while there is no token. */
  readonly missing?: () => Absent | undefined
  /** Finds out whom to ask, with what; called for each token request. */
  readonly prepare: (request: CredentialRequest) => Promise<PreparedRequest>
  /** The authorization server, where the program and not the service's definition says it. */
  readonly issuer: string | undefined
  /** Whether each token is for one resource, whoever gives it. */
  readonly perResource?: boolean
}

type Reason = 'first' | 'expiring' | 'refused'

interface State {
  token: AccessToken | undefined
  obtainedAt: number
  pending: Promise<AccessToken> | undefined
  readonly refusals: TokenRefusals
  failure: { readonly error: PentauthError; readonly at: number; readonly wait: number } | undefined
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
 * Access tokens that a program gets for itself: one token request for all who need a token, renewed in the background before it ends.
 *
 * Such tokens are asked for again and never refreshed, so nothing is stored.
 */
export function tokenSource({ name, prepare, issuer, perResource, missing }: TokenSourceParts): CredentialSource {
  // By service, so that a source shared by two deployments carries no token from one to the other.
  const statesOf = perKey<Service, Map<string, State>>(() => new Map())

  const stateOf = (request: CredentialRequest): State => {
    const states = statesOf(request.service)
    const audience = perResource ? ownAudience(request) : audienceOf(request, issuer)
    const state: State = states.get(audience) ?? {
      ...{ token: undefined, obtainedAt: 0, pending: undefined, failure: undefined },
      refusals: new Map(),
    }
    states.set(audience, state)
    return state
  }

  /** One token request for all who need it now. */
  const obtain = (request: CredentialRequest, reason: Reason): Promise<AccessToken> => {
    const state = stateOf(request)
    // Started behind a turn: a listener that asks for the token again must find this request.
    state.pending ??= Promise.resolve()
      .then(() => fetchToken(request, reason, state))
      .finally(() => {
        state.pending = undefined
      })
    return state.pending
  }

  const fetchToken = async (request: CredentialRequest, reason: Reason, state: State) => {
    const { runtime, emit } = request
    // A clock that was set back must not stretch the pause.
    if (state.failure && isWithin(state.failure.at, state.failure.wait, runtime.now())) throw state.failure.error
    let tokenEndpoint: string | undefined
    try {
      const prepared = await prepare(request)
      tokenEndpoint = prepared.tokenEndpoint
      emit?.({ type: 'token_requested', tokenEndpoint, source: name, reason })
      const fresh = await prepared.send()
      state.failure = undefined
      state.obtainedAt = runtime.now()
      state.token = fresh
      if (reason === 'refused') noteRenewal(state.refusals, request.resource.name, state.obtainedAt)
      emit?.({ type: 'token_received', credential: await summarize(fresh, runtime.crypto), expiresAt: fresh.expiresAt })
      return fresh
    } catch (error) {
      if (PentauthError.isInstance(error)) {
        const wait = Math.min(Math.max((error.retryAfter ?? 0) * 1000, pause), longestPause)
        // Also after a definitive refusal, which every call and every resource would ask for again.
        state.failure = { error, at: runtime.now(), wait }
        if (tokenEndpoint !== undefined)
          emit?.({ type: 'token_request_failed', tokenEndpoint, code: error.code, retryAfter: error.retryAfter })
      }
      throw error
    }
  }

  return {
    name,
    kind: 'access-token',
    present: () => missing?.() === undefined,
    get(request) {
      const { token, obtainedAt } = stateOf(request)
      if (!token) return missing?.() ?? obtain(request, 'first')
      if (token.expiresAt === undefined) return token
      const { runtime, minLife } = request
      const now = runtime.now()
      const left = token.expiresAt - now
      const life = token.expiresAt - obtainedAt
      if (left <= Math.min(unusable, life / 10)) return obtain(request, 'expiring')
      if (minLife !== undefined && !lasts(token, obtainedAt, now, minLife))
        return obtain(request, 'expiring').catch((error) => unlessPassing(error, token))
      // The valid token serves meanwhile; a failure is told by an event and met again when the token has really ended.
      if (left <= Math.min(longestMargin, life * marginPart)) obtain(request, 'expiring').catch(() => undefined)
      return token
    },
    async renew(refused, request) {
      // Only the token that was refused is replaced: the current one may be newer than the request that failed.
      const { token, refusals } = stateOf(request)
      if (token && token !== refused) return token
      // A service that refuses fresh tokens, too, must not have one made for each call.
      if (isInVain(refusals, request.resource.name, request.runtime.now())) return undefined
      return obtain(request, 'refused')
    },
    accepted(taken, request) {
      const { token, refusals } = stateOf(request)
      if (refusals.size > 0 && token === taken) noteTaken(refusals, request.resource.name)
    },
    refusedAgain(refused, request) {
      const { token, refusals } = stateOf(request)
      if (token === refused) noteRefusedAgain(refusals, request.resource.name)
    },
  }
}

/** For what a token is: for the whole service where its definition names the token endpoint, else for one resource (RFC 8707). */
function audienceOf(request: CredentialRequest, issuer: string | undefined): string {
  const { oauth } = request.service
  return issuer === undefined && oauth && Object.hasOwn(oauth, 'tokenEndpoint') ? '' : ownAudience(request)
}

function ownAudience({ resource }: CredentialRequest): string {
  return resource.audience ?? resource.url
}
