import { inBrackets, reasonOf } from './connection-reason.ts'
import { PentauthError } from './errors.ts'
import type { Lock } from './lock.ts'
import type { Service } from './service.ts'
import type { Store } from './store.ts'

// What a store or a lock does wrong, in our words: the platform's own error may repeat what was to be written.

type Whose = Pick<Service, 'name'> & Partial<Pick<Service, 'id'>>

/** The failure of a store or its lock. */
export function storeFailed(service: Whose, what: string, error?: unknown): PentauthError {
  if (PentauthError.isInstance(error)) return error
  return new PentauthError({
    code: 'store_failed',
    message: `The store of the ${service.name} sign-in ${what}${inBrackets(reasonOf(error))}.`,
    service: service.id,
    hint: 'Check the store (permissions, disk space, connection) and try again; nothing was signed out.',
    retryable: true,
  })
}

/** A store whose failures are `store_failed`. */
export function guarded(service: Whose, store: Store): Store {
  const guard = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw storeFailed(service, what, error)
    }
  }
  return {
    // Some stores say `null` where there is nothing.
    get: (key) => guard('could not be read', async () => (await store.get(key)) ?? undefined),
    set: (key, value) => guard('could not be written', () => store.set(key, value)),
    delete: (key) => guard('could not be written', () => store.delete(key)),
    keys: (prefix) => guard('could not be read', async () => (await store.keys?.(prefix)) ?? []),
  }
}

/**
 * Does something that nobody else does at the same time who has the same lock.
 *
 * @throws PentauthError `store_failed` when the lock fails before its turn; what has begun goes on to its end, and counts, however the
 *   lock fails then.
 */
export async function locked<T>(service: Service, lock: Lock, name: string, run: () => Promise<T>): Promise<T> {
  const work: { outcome?: Promise<T>; isOff?: boolean } = {}
  const once = async () => {
    if (work.isOff) return
    work.outcome ??= run()
    await work.outcome.catch(() => undefined)
  }
  let failure: unknown
  await Promise.resolve()
    .then(() => lock(name, once))
    .catch((error: unknown) => {
      failure = error
    })
  if (work.outcome) return work.outcome
  work.isOff = true
  throw storeFailed(service, 'could not be locked', failure)
}
