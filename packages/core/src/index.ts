// The whole public surface of @pentauth/core: named exports only.
export { type Auth, createAuth, type HeadersOptions } from './auth.ts'
export type { AuthOptions } from './auth-context.ts'
export { type Challenge, parseChallenge } from './challenge.ts'
export { type ClientCredentials, type ClientCredentialsOptions, clientCredentials } from './client-credentials.ts'
export {
  type AccessToken,
  type ApiKey,
  type Credential,
  type CredentialSummary,
  createSecret,
  type Secret,
} from './credential.ts'
export {
  type Absent,
  type ApiKeyOptions,
  apiKey,
  type CredentialRequest,
  type CredentialSource,
  firstOf,
  type KeyReading,
  keySource,
} from './credential-source.ts'
export { PentauthError, type PentauthErrorCode, type PentauthErrorInit, type Tried } from './errors.ts'
export type { EventListener, PentauthEvent } from './events.ts'
export { type RelocateOptions, relocate } from './relocate.ts'
export { type NamedResource, resourceFor } from './resource-for.ts'
export type { Runtime } from './runtime.ts'
export {
  type ApiKeyRules,
  type CredentialHeader,
  type CredentialKind,
  type DocumentedError,
  defineService,
  type FactSource,
  type OAuthRules,
  type Operation,
  type Recommendation,
  type Resource,
  type ScopeRules,
  type Service,
  type ServiceLink,
  type ServiceLinks,
} from './service.ts'
export { errorFrom, throwIfRefused } from './service-error.ts'
