// The whole public surface of @pentauth/node: its own createAuth, and what its users need of core.
export {
  type Auth,
  apiKey,
  type Credential,
  type CredentialSource,
  clientCredentials,
  defineService,
  type EventListener,
  errorFrom,
  firstOf,
  type HeadersOptions,
  PentauthError,
  type PentauthErrorCode,
  type PentauthEvent,
  pendium,
  pendra,
  pensyve,
  pentographer,
  profundis,
  relocate,
  resourceFor,
  type Service,
  throwIfRefused,
} from '@pentauth/core'
export { createAuth, type NodeAuthOptions } from './auth.ts'
export { type ConnectionHintOptions, connectionHint } from './connection-hint.ts'
export { type EncryptedFileStoreOptions, encryptedFileStore } from './encrypted-file-store.ts'
export { type EncryptedStore, encrypted, type StoreKey, type StoreKeyValue } from './encrypted-store.ts'
export { type EnvKeyOptions, envKey } from './env-key.ts'
export type { Environment } from './environment.ts'
export { type ExpandOptions, expandVariables } from './expand.ts'
export { type FileStore, type FileStoreOptions, fileStore } from './file-store.ts'
export { type KeyCommandOptions, keyCommand } from './key-command.ts'
export { type KeyFileOptions, keyFile } from './key-file.ts'
export { stateFolder } from './state-folder.ts'
