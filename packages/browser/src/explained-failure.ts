import type { PentauthError } from '@pentauth/core'
import type { Doing } from './doing.ts'
import { loaded } from './loaded.ts'

/** Thrown by a write of somebody whose lock was taken by others meanwhile. */
export const lost: { readonly name: string } = { name: 'lost' }

/** The failure of a store as an error of ours; its words are loaded when they are needed. */
export async function failure(store: string, what: Doing, error: unknown): Promise<PentauthError> {
  return (await loaded(import('./store-failure.ts'))).storeFailed(store, what, error)
}
