// The whole public surface of @pentauth/core: named exports only.
export {
  type ListAccountsOptions,
  listAccounts,
  listSessions,
  type SavedAccount,
  type SavedSession,
} from './accounts.ts'
export { type Adapter, adapterFor } from './adapter.ts'
export { type ApiKeyOptions, apiKey } from './api-key.ts'
export { type Auth, type CredentialOptions, createAuth, type HeadersOptions } from './auth.ts'
export type { AuthOptions } from './auth-context.ts'
export { type Challenge, parseChallenge } from './challenge.ts'
export type { SigningKey } from './client-authentication.ts'
export { type ClientCredentialsOptions, clientCredentials } from './client-credentials.ts'
export type { ClientCredentials } from './client-format.ts'
export { type ClientIdMetadataDocument, type ClientMetadataOptions, clientMetadata } from './client-metadata.ts'
export {
  type AccessToken,
  type ApiKey,
  type Credential,
  type CredentialSummary,
  createSecret,
  type ProofKey,
  type Secret,
} from './credential.ts'
export { type Absent, type CredentialRequest, type CredentialSource, isAbsent } from './credential-source.ts'
export { defineService } from './define-service.ts'
export type { DevicePrompt } from './device-authorization.ts'
export { type DeviceSignInOptions, deviceSignIn } from './device-sign-in.ts'
export { withoutEcho } from './echo.ts'
export { type EnterpriseManagedOptions, enterpriseManaged } from './enterprise-managed.ts'
export { PentauthError, type PentauthErrorCode, type PentauthErrorInit, type Tried } from './errors.ts'
export type { EventListener, PentauthEvent, StoreEvent } from './events.ts'
export { firstOf } from './first-of.ts'
export type { IdentityProvider } from './identity-provider.ts'
export type { IdentityToken, IdentityTokenRequest, IdentityTokenSource } from './identity-token.ts'
export type { KeyReading, KeyReadings } from './key-ring.ts'
export { type KeySourceOptions, keySource } from './key-source.ts'
export { type Lock, memoryLock } from './lock.ts'
export { noteSent } from './note-sent.ts'
export type { DpopWish, ProofKeyPair } from './proof-key.ts'
export { withoutSecrets } from './redaction.ts'
export type { ClientOptions } from './registration.ts'
export { type RelocateOptions, relocate } from './relocate.ts'
export { type NamedResource, resourceFor } from './resource-for.ts'
export type { Runtime } from './runtime.ts'
export { type SavedAccountOptions, savedAccount } from './saved-account.ts'
export type {
  ApiKeyRules,
  CredentialHeader,
  CredentialKind,
  DocumentedError,
  FactSource,
  OAuthRules,
  Operation,
  Recommendation,
  Resource,
  ScopeRules,
  SdkBaseURLs,
  Service,
  ServiceLink,
  ServiceLinks,
} from './service.ts'
export { errorFrom, throwIfRefused } from './service-error.ts'
export type { ServiceSettings } from './service-settings.ts'
export { pendium, pendra, pensyve, pentographer, profundis } from './services.ts'
export { sessionKey } from './session-key.ts'
export {
  type Callback,
  type FinishSignInOptions,
  finishSignIn,
  type StartedSignIn,
  type StartSignInOptions,
  startSignIn,
} from './sign-in.ts'
export type { FinishedSignIn, SignInOptions } from './sign-in-flow.ts'
export { type SignOutOptions, signOut } from './sign-out.ts'
export { type SignedInOptions, signedIn } from './signed-in.ts'
export { memoryStore, type Store } from './store.ts'
export { traceDiagram } from './trace-diagram.ts'
export type { WaitingSignIn } from './waiting-sign-in.ts'
export { withSettings } from './with-settings.ts'
export { type WorkloadIdentityOptions, workloadIdentity } from './workload-identity.ts'
