import { memoryStore, type Store, type StoreEvent } from '@pentauth/core'

/** PLACEHOLDER of H1's part. */
export function defaultStorage(_onEvent: (event: StoreEvent) => void): Store {
  return memoryStore()
}
