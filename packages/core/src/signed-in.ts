import type { AuthOptions } from './auth-context.ts'
import { createContext } from './auth-context.ts'
import type { SigningKey } from './client-authentication.ts'
import type { CredentialRequest, CredentialSource } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import { notAccepted } from './header-selection.ts'
import type { Lock } from './lock.ts'
import { perKey } from './per-key.ts'
import type { NamedResource } from './resource-for.ts'
import type { Resource, Service } from './service.ts'
import { tokenAfter, tokenOf, tokenRefusedAgain, tokenTaken } from './session.ts'
import { endSession } from './session-end.ts'
import { defaultLock, type Place, sharedState } from './session-state.ts'
import type { Store } from './store.ts'
import { type Engine, sessionKey } from './stored-session.ts'

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

export interface SignOutOptions extends SignedInOptions {
  /** Replaces parts of the platform, such as `fetch` or the clock. */
  readonly runtime?: AuthOptions['runtime']
  /** Told what happens, without any secret. */
  readonly onEvent?: AuthOptions['onEvent']
}

/**
 * Signs out: the session is deleted first, for all resources of the service, and then revoked where the authorization server has an
 * endpoint for that.
 *
 * Nobody here finds the session from now on. It is deleted when a renewal that is going on is over, and with what that brought; whoever
 * signs in meanwhile, here or in another process with the same lock, stays signed in. An event `signed_out` tells whether the revocation
 * worked.
 *
 * @throws PentauthError `invalid_option` for an unusable store, lock or label, `store_failed` when the session of a resource could not be
 *   deleted; those of the others are.
 * @example
 * ```ts
 * await signOut(pensyve, { store: memoryStore(), account: 'work' })
 * ```
 */
export function signOut(service: Service, options: SignOutOptions): Promise<void> {
  return signOutWith(engineOf(options), service, options)
}

/** Loaded with the first request to an authorization server: a valid session needs none of it. */
function engineOf(options: SignedInOptions): () => Promise<Engine> {
  const { privateKey }: Partial<SignedInOptions> = Object.assign(Object.create(null), options)
  return async () => {
    const engine = await import('./oauth.ts')
    if (!privateKey) return engine
    const { refreshTokens, revokeTokens } = engine
    return {
      ...engine,
      refreshTokens: (flow, stored) => refreshTokens(flow, stored, privateKey),
      revokeTokens: (flow, stored) => revokeTokens(flow, stored, privateKey),
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
        throw notAccepted(service, resource, { kind: 'access-token', source: places.name })
      return tokenOf(placeOf(request), request)
    },
    renew: async (refused, request, sent) =>
      refused.kind === 'access-token' ? tokenAfter(placeOf(request), request, refused, sent) : undefined,
    refusedAgain: (_token, request, sent) => tokenRefusedAgain(placeOf(request), request, sent),
    accepted: (_token, request, sent) => tokenTaken(placeOf(request), request, sent),
  }
}

/** The same with another engine. */
export async function signOutWith(
  engine: () => Promise<Engine>,
  service: Service,
  options: SignOutOptions,
): Promise<void> {
  const { runtime, onEvent }: Partial<SignOutOptions> = Object.assign(Object.create(null), options)
  const places = placesOf(engine, options)
  const context = createContext(service, { credential: signedInWith(engine, options), runtime, onEvent })
  const taking = Object.values<Resource>(service.resources).filter(({ accessToken }) => accessToken)
  // Resources of one audience share a session.
  const audiences = new Map(
    taking.map(({ url }) => {
      const resource = context.resourceFor(url)
      const place = places(resource)
      return [place.key, { place, resource }]
    }),
  )
  // All at once: one that the store does not let go of leaves no other as it is.
  const ends = [...audiences.values()].map(({ place, resource }) => endSession(place, context.requestFor(resource)))
  for (const end of await Promise.allSettled(ends)) if (end.status === 'rejected') throw end.reason
}

/** Where the session of a resource is. */
export function placesOf(
  engine: () => Promise<Engine>,
  options: SignedInOptions,
): ((resource: NamedResource) => Place) & { readonly name: string } {
  const { store, lock, account, app, name } = checked(options)
  const place = (resource: NamedResource): Place => {
    const key = sessionKey(resource, app, account)
    return { state: sharedState(store, key), store, lock: lock ?? defaultLock(store), key, account, name, engine }
  }
  return Object.defineProperty(place, 'name', { value: name })
}

function checked(options: SignedInOptions) {
  // Own properties only, since anybody may have polluted Object.prototype; JavaScript callers may leave the options out altogether.
  const own: Partial<SignedInOptions> = Object.assign(Object.create(null), options)
  const { store, lock, account = 'default', app = 'default' } = own
  const isStore = [store?.get, store?.set, store?.delete].every((method) => typeof method === 'function')
  if (!store || !isStore)
    throw unusable('store', 'is no store: get, set and delete', 'Give a store such as memoryStore().')
  for (const part of ['withLock', 'watch'] as const)
    if (store[part] !== undefined && typeof store[part] !== 'function')
      throw unusable('store', `has a ${part} that is no function`, 'Leave it out, or give a function.')
  if (lock !== undefined && typeof lock !== 'function') {
    throw unusable('lock', 'is no function', 'Give a lock such as memoryLock(), or leave it out.')
  }
  for (const [option, label] of Object.entries({ account, app })) {
    if (typeof label === 'string' && label !== '' && isWellFormed(label)) continue
    throw unusable(option, 'is no label', 'Give some text, such as "work", or leave it out.')
  }
  const { name = account === 'default' ? 'sign-in' : `sign-in "${account}"` } = own
  return { store, lock, account, app, name }
}

/** Whether a label can be part of a name: halves of characters cannot. */
function isWellFormed(label: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(label)
}

/** An option that cannot be used, whatever the service. */
export function unusable(option: string, what: string, hint: string): PentauthError {
  return new PentauthError({ code: 'invalid_option', message: `The option "${option}" ${what}.`, hint })
}
