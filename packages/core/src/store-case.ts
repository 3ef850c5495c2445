import { PentauthError } from './errors.ts'
import type { Store } from './store.ts'

/** A store as a contract opens it: new and empty. */
export interface OpenStore {
  readonly store: Store
  /** A second view of the same data, as another process would have: it shares nothing else with the first. */
  again?(): Promise<Store>
  /** Takes the lock of a name from whoever holds it, as happens to one who was away for too long. */
  loseLock?(name: string): Promise<void>
  /** Called when a case is over, whatever came of it. */
  close?(): Promise<void>
}

/** One promise of every store, which any test runner can check. */
export interface StoreCase {
  readonly name: string
  /** @throws PentauthError `store_failed` when the store breaks the promise. */
  run(): Promise<void>
}

/** What a case does with a store that was opened for it; what must go on may take so many milliseconds. */
export type StoreCheck = (opened: OpenStore, patience: number) => Promise<void>

/** The failure of a store, as a case tells it. */
export function broken(what: string): PentauthError {
  return new PentauthError({
    code: 'store_failed',
    message: `The store breaks its contract: ${what}.`,
    hint: 'See the comments of Store and Lock for what each method promises.',
  })
}

export function expectSame(what: string, expected: unknown, got: unknown): void {
  if (!isSame(expected, got)) throw broken(`${what}: expected ${shown(expected)}, got ${shown(got)}`)
}

function isSame(one: unknown, other: unknown): boolean {
  const isList = Array.isArray(one) && Array.isArray(other)
  return isList
    ? one.length === other.length && one.every((item, index) => Object.is(item, other[index]))
    : Object.is(one, other)
}

/** Short, since values of a megabyte are compared. */
function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value))
  return text.length > 80 ? `${text.slice(0, 80)}… (${text.length} characters)` : text
}

/** What a promise came to, within a time (ms): a case ends, whatever a store does. */
export async function outcomeOf(work: Promise<unknown>, patience: number): Promise<'done' | 'failed' | 'pending'> {
  let timer: unknown
  const late = new Promise<'pending'>((resolve) => {
    timer = setTimeout(() => resolve('pending'), patience)
  })
  try {
    return await Promise.race([
      work.then(
        () => 'done' as const,
        () => 'failed' as const,
      ),
      late,
    ])
  } finally {
    clearTimeout(timer as number)
  }
}
