import { type Adapter, type Lock, memoryLock, PentauthError, type Service, type Store } from '@pentauth/core'

/** Where an `oauthClientProvider` keeps what the SDKs give it, and whom it is for. */
export interface ProviderPlace {
  readonly service: Service
  readonly adapter: Adapter
  readonly store: Store
  readonly lock: Lock | undefined
  readonly account: string
  /** What the names of all its values begin with. */
  readonly key: string
  readonly notSaved: (reason: string) => void
}

/** One value in the store. */
export interface Slot<T> {
  /** `undefined` also for what this version cannot read. */
  read(): Promise<T | undefined>
  write(value: T): Promise<void>
  remove(): Promise<void>
}

/** A value of a place; what the store does wrong is `store_failed`, since its own error may repeat what was to be written. */
export function slotOf<T extends { readonly version: 1 }>(
  { service, store, key }: ProviderPlace,
  part: string,
): Slot<T> {
  const name = `${key}/${part}`
  const guard = async <R>(what: string, work: () => Promise<R>): Promise<R> => {
    try {
      return await work()
    } catch (error) {
      throw storeFailed(service, what, error)
    }
  }
  return {
    async read() {
      const text = await guard('could not be read', () => store.get(name))
      try {
        const value: T = JSON.parse(text ?? '')
        return value.version === 1 ? value : undefined
      } catch {
        return undefined
      }
    },
    write: (value) => guard('could not be written', () => store.set(name, JSON.stringify(value))),
    remove: () => guard('could not be written', () => store.delete(name)),
  }
}

const locks = /* @__PURE__ */ new WeakMap<Store, Lock>()

/** Does something alone: in this process, and in all that share the store where that has a lock. */
export async function alone<T>(place: ProviderPlace, run: () => Promise<T>): Promise<T> {
  const { service, store, key } = place
  const own = locks.get(store) ?? memoryLock()
  locks.set(store, own)
  const lock: Lock = place.lock ?? ((name, task) => (store.withLock ? store.withLock(name, task) : own(name, task)))
  let outcome: Promise<T> | undefined
  try {
    return await lock(key, () => {
      outcome ??= run()
      return outcome
    })
  } catch (error) {
    // What was done counts, however the lock fails behind it.
    if (outcome) return outcome
    throw storeFailed(service, 'could not be locked', error)
  }
}

function storeFailed(service: Service, what: string, error: unknown): PentauthError {
  if (PentauthError.isInstance(error)) return error
  return new PentauthError({
    code: 'store_failed',
    message: `The store of the ${service.name} sign-in ${what}.`,
    service: service.id,
    hint: 'Check the store (permissions, disk space, connection) and try again; nothing was signed out.',
    retryable: true,
  })
}
