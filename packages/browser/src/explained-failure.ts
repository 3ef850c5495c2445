import type { PentauthError } from '@pentauth/core'
import type { Doing } from './lost-lock.ts'

/** The failure of a store as an error of ours; its words are loaded when they are needed. */
export async function failure(store: string, what: Doing, error: unknown): Promise<PentauthError> {
  return (await import('./store-failure.ts')).storeFailed(store, what, error)
}
