import { PentauthError } from './errors.ts'
import type { Lock } from './lock.ts'
import type { Store } from './store.ts'

/** What says where the sessions of an account are. */
export interface PlaceOptions {
  readonly store: Store
  readonly lock?: Lock | undefined
  readonly account?: string | undefined
  readonly app?: string | undefined
  readonly name?: string | undefined
}

interface CheckedLabels {
  readonly store: Store
  readonly lock: Lock | undefined
  readonly account: string
  readonly app: string
  readonly name: string
}

/**
 * The parts of a place, as far as they can be used.
 *
 * @throws PentauthError `invalid_option`.
 */
export function checkedLabels(options: PlaceOptions): CheckedLabels {
  // Own properties only, since anybody may have polluted Object.prototype; JavaScript callers may leave the options out altogether.
  const own: Partial<PlaceOptions> = Object.assign(Object.create(null), options)
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
