// The whole public surface of @pentauth/browser: its own createAuth, and what its users need of core.
export {
  type Auth,
  apiKey,
  type Credential,
  type CredentialSource,
  defineService,
  type EventListener,
  errorFrom,
  memoryStore,
  PentauthError,
  type PentauthErrorCode,
  type PentauthEvent,
  parseChallenge,
  pendium,
  pendra,
  pensyve,
  pentographer,
  profundis,
  relocate,
  resourceFor,
  type Service,
  type Store,
  throwIfRefused,
  traceDiagram,
} from '@pentauth/core'
export { type BrowserAuth, createAuth } from './auth.ts'
export { dangerouslyLocalStorageStore } from './dangerously-local-storage-store.ts'
export { type IndexedDBStoreOptions, indexedDBStore } from './indexed-db-store.ts'
export type { LastingStore } from './lasting-store.ts'
export type { BrowserAuthOptions, FinishedCallback, SignInOptions, SignInResult } from './options.ts'
export { sessionStorageStore } from './session-storage-store.ts'
export type { SessionSnapshot } from './snapshot.ts'
