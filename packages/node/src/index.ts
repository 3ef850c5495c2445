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
  relocate,
  resourceFor,
  type Service,
  throwIfRefused,
} from '@pentauth/core'
export { createAuth, type NodeAuthOptions } from './auth.ts'
