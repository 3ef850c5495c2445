import type { SigningKey } from './client-authentication.ts'
import type { CredentialRequest, CredentialSource } from './credential-source.ts'
import { refuseCredential } from './header-selection.ts'
import type { Lock } from './lock.ts'
import { part } from './part.ts'
import { perKey } from './per-key.ts'
import type { Resource } from './service.ts'
import { tokenOf, tokenRefusedAgain, tokenTaken } from './session.ts'
import { placesOf } from './session-place.ts'
import type { Store } from './store.ts'
import type { Engine } from './stored-session.ts'

export interface SignedInOptions {
  /** Where the session is kept. */
  readonly store: Store
  /** Keeps all who share the store from renewing at the same time; unless given, the store's own, else one of this process. */
  readonly lock?: Lock | undefined
  /** Whose sign-in, as a label of your own; `default` unless given. */
  readonly account?: string | undefined
  /** Keeps the sessions of two programs in one store apart; `default` unless given. */
  readonly app?: string | undefined
  /** Of the client, where that proves itself with one: no store keeps it. */
  readonly privateKey?: SigningKey | undefined
  /** Name of the source in messages; `sign-in` unless given. */
  readonly name?: string | undefined
}

/**
 * The access tokens of a sign-in that is saved in a store: renewed in the background before they end, once for all who share the
 * store, until the authorization server refuses it for good or somebody signs out.
 *
 * A sign-out in this process takes effect at once, and so does one elsewhere that the store is told of (`watch`); any other when the token ends or
 * is refused.
 *
 * @throws PentauthError `invalid_option` for an unusable store, lock or label; (when used) `sign_in_required` when the session has
 *   ended, `temporarily_unavailable` and other codes of the token endpoint when its token has ended and cannot be renewed now,
 *   `store_failed` when the store cannot be read.
 * @example
 * ```ts
 * const auth = createAuth(pensyve, { credential: signedIn({ store: memoryStore(), account: 'work' }) })
 * ```
 */
export function signedIn(options: SignedInOptions): CredentialSource {
  return signedInWith(engineOf(options), options)
}

/** What asks authorization servers, loaded with the first request to one: a valid session needs none of it. */
export function engineOf(options: Pick<SignedInOptions, 'privateKey'>): () => Promise<Engine> {
  const { privateKey }: Partial<SignedInOptions> = Object.assign(Object.create(null), options)
  return async () => {
    const { refreshTokens } = await part(import('./sign-in-steps.ts'))
    return {
      forgetClient: async (flow, place) => (await part(import('./registration-steps.ts'))).forgetClient(flow, place),
      refreshTokens: (flow, stored, boundTo) => refreshTokens(flow, stored, boundTo, privateKey),
      revokeTokens: async (flow, stored) => {
        const { revokeTokens } = await part(import('./revocation-steps.ts'))
        return revokeTokens(flow, stored, privateKey)
      },
    }
  }
}

/** The same with another engine. */
export function signedInWith(engine: () => Promise<Engine>, options: SignedInOptions): CredentialSource {
  const places = placesOf(engine, options)
  const placeOf = perKey(({ resource }: CredentialRequest) => places(resource))
  return {
    name: places.name,
    kind: 'access-token',
    get(request) {
      const { service, resource } = request
      // Where none of them takes tokens, signing in would not help.
      if (!resource.accessToken && !Object.values<Resource>(service.resources).some(({ accessToken }) => accessToken))
        return refuseCredential(service, resource, { kind: 'access-token', source: places.name })
      const { minLife } = request
      if (minLife === undefined) return tokenOf(placeOf(request), request)
      return part(import('./lasting-token.ts')).then(({ lastingToken }) =>
        lastingToken(places(resource), request, minLife),
      )
    },
    async renew(refused, request, sent) {
      if (refused.kind !== 'access-token') return undefined
      const { tokenAfter } = await part(import('./refused-token.ts'))
      return tokenAfter(placeOf(request), request, refused, sent)
    },
    refusedAgain: (_token, request, sent) => tokenRefusedAgain(placeOf(request), request, sent),
    accepted: (_token, request, sent) => tokenTaken(placeOf(request), request, sent),
  }
}
