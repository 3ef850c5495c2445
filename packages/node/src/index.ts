// The whole public surface of @pentauth/node: its own createAuth, and what its users need of core.
export {
  type Auth,
  apiKey,
  type Credential,
  type CredentialSource,
  clientCredentials,
  defineService,
  type EnterpriseManagedOptions,
  type EventListener,
  enterpriseManaged,
  errorFrom,
  firstOf,
  type HeadersOptions,
  type IdentityProvider,
  type IdentityToken,
  type IdentityTokenSource,
  type Lock,
  memoryStore,
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
  type SavedAccount,
  type SavedSession,
  type Service,
  type SigningKey,
  type Store,
  type StoreEvent,
  signedIn,
  throwIfRefused,
  type WorkloadIdentityOptions,
  workloadIdentity,
} from '@pentauth/core'
export {
  type Account,
  type AccountOptions,
  listAccounts,
  listSessions,
  type SignOutOptions,
  signOut,
  switchAccount,
} from './accounts.ts'
export { createAuth, type NodeAuthOptions } from './auth.ts'
export { type ConnectionHintOptions, connectionHint } from './connection-hint.ts'
export { type EncryptedFileStoreOptions, encryptedFileStore } from './encrypted-file-store.ts'
export { type EncryptedStore, encrypted, type StoreKey, type StoreKeyValue } from './encrypted-store.ts'
export { type EnvKeyOptions, envKey } from './env-key.ts'
export type { Environment } from './environment.ts'
export { type ExpandOptions, expandVariables } from './expand.ts'
export { type FileStore, type FileStoreOptions, fileStore } from './file-store.ts'
export { type GithubActionsTokenOptions, githubActionsToken } from './github-actions.ts'
export { type IdentityTokenOptions, identityTokenEnv, identityTokenFile } from './identity-token.ts'
export { type KeyCommandOptions, keyCommand } from './key-command.ts'
export { type KeyFileOptions, keyFile } from './key-file.ts'
export { type OpenPageOptions, openPage } from './open-page.ts'
export type { DeviceRequest, Present, RedirectRequest, SignInRequest } from './present.ts'
export { importPrivateKey, type PrivateKeyFileOptions, type PrivateKeyOptions, privateKeyFile } from './private-key.ts'
export { createProxy } from './proxy.ts'
export type { ProxyCaller, ProxyEvent, ProxyOptions } from './proxy-options.ts'
export type { ProxyProblem } from './proxy-problem.ts'
export type { ProxyRule } from './proxy-rules.ts'
export { signIn } from './sign-in.ts'
export type { NodeSignInOptions } from './sign-in-options.ts'

export { stateFolder } from './state-folder.ts'
