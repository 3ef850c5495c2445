import type { AuthOptions } from './auth-context.ts'
import { createContext } from './auth-context.ts'
import { requireChecked } from './checked-service.ts'
import type { Resource, Service } from './service.ts'
import { endSession } from './session-end.ts'
import { placesOf } from './session-place.ts'
import { engineOf, type SignedInOptions, signedInWith } from './signed-in.ts'
import type { Engine } from './stored-session.ts'

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

/** The same with another engine. */
export async function signOutWith(
  engine: () => Promise<Engine>,
  service: Service,
  options: SignOutOptions,
): Promise<void> {
  const { runtime, onEvent }: Partial<SignOutOptions> = Object.assign(Object.create(null), options)
  await requireChecked(service)
  const places = placesOf(engine, options)
  const context = createContext(service, { credential: signedInWith(engine, options), runtime, onEvent })
  const taking = Object.values<Resource>(service.resources).filter(({ accessToken }) => accessToken)
  // Resources of one audience share a session.
  const audiences = new Map(
    taking.flatMap(({ url }) => {
      const resource = context.find(url)
      if (!resource) return []
      const place = places(resource)
      return [[place.key, { place, resource }] as const]
    }),
  )
  // All at once: one that the store does not let go of leaves no other as it is.
  const ends = [...audiences.values()].map(({ place, resource }) => endSession(place, context.requestFor(resource)))
  for (const end of await Promise.allSettled(ends)) if (end.status === 'rejected') throw end.reason
}
