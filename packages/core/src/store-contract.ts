import type { Store } from './store.ts'
import { broken, type OpenStore, type StoreCase, type StoreCheck } from './store-case.ts'
import { lockChecks } from './store-locks.ts'
import { valueChecks } from './store-values.ts'

export type { Store } from './store.ts'
export type { OpenStore, StoreCase } from './store-case.ts'

/** What a store can have beyond its three methods, or a test can give of it. */
export type StorePart = 'keys' | 'withLock' | 'again' | 'loseLock'

export interface StoreContractOptions {
  /** Parts that must be there; what of a contract concerns a part that is not there, passes. */
  readonly expects?: readonly StorePart[] | undefined
  /** Milliseconds that anything may take which must go on; 10,000 unless given. */
  readonly patience?: number | undefined
}

/**
 * What every store promises, as cases for any test runner: each opens a store of its own and fails when a promise is broken.
 *
 * @throws PentauthError (when a case is run) `store_failed`, which says what was expected and what was found; what the store itself throws
 *   is passed on.
 * @example
 * ```ts
 * for (const { name, run } of storeContract(async () => ({ store: memoryStore() }))) {
 *   await run()
 *   console.log(name)
 * }
 * ```
 */
export function storeContract(
  open: () => Promise<OpenStore>,
  options: StoreContractOptions = {},
): readonly StoreCase[] {
  const { expects = [], patience = 10_000 } = options
  const parts = Object.fromEntries(expects.map((part) => [`has ${part}`, has(part)]))
  return Object.entries({ ...parts, ...valueChecks, ...lockChecks }).map(([name, check]) => ({
    name,
    run: async () => {
      const opened = await open()
      try {
        await check(opened, patience)
      } finally {
        await opened.close?.()
      }
    },
  }))
}

function has(part: StorePart): StoreCheck {
  return async (opened) => {
    const owner: OpenStore | Store = part === 'again' || part === 'loseLock' ? opened : opened.store
    if (typeof (owner as Partial<Record<StorePart, unknown>>)[part] !== 'function') throw broken(`there is no ${part}`)
  }
}
