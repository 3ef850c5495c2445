export type { Accounts, AccountTypes } from './accounts.ts'
export type { OutsideOrigins, SandboxRequestInit } from './addresses.ts'
export type { Apps, ConnectedApp } from './authorization-server/apps.ts'
export type {
  RefreshRotation,
  SignInOptions,
  SignInService,
  WorkloadTrust,
} from './authorization-server/configuration.ts'
export type { GrantFilter } from './authorization-server/grants.ts'
export type { ClientMetadata, FetchClientMetadata } from './authorization-server/metadata-documents.ts'
export type { TokenEndpointAuthMethod } from './authorization-server/oauth-client.ts'
export type { IssuedTokens, TokenOptions, Tokens } from './authorization-server/tokens.ts'
export type { Ci, CiJob, JobTokenOptions } from './ci.ts'
export type { AppRegistration, ClientInfo, Clients, NewClient, RegisteredApp } from './clients.ts'
export type { Clock } from './clock.ts'
export type { AuthorizationServerFacts, ErrorFacts, FactSource, ResourceFacts, ServiceFacts } from './facts.ts'
export type { Fault, FaultAnswer, FaultEffect, FaultMatch, Faults } from './faults.ts'
export type { Journal, JournalEntry } from './journal.ts'
export type { ActorOptions, KeyInfo, KeyOptions, Keys, NewKey } from './keys.ts'
export type {
  PendiumOptions,
  PendraOptions,
  PensyveOptions,
  PentographerOptions,
  ProfundisOptions,
  SandboxOptions,
} from './options.ts'
export type { PendiumAccount } from './pendium/accounts.ts'
export type { PendraAccount } from './pendra/accounts.ts'
export type { PensyveAccount } from './pensyve/accounts.ts'
export type { PentographerAccount } from './pentographer/accounts.ts'
export type { ProfundisAccount } from './profundis/accounts.ts'
export { createSandbox, type Sandbox } from './sandbox.ts'
export { SandboxError, type SandboxErrorCode } from './sandbox-error.ts'
export { leakMarker } from './secrets.ts'
export { facts } from './service-facts.ts'
export type { CredentialHeader, ServiceName } from './service-name.ts'
export { type SignInAtOptions, signInAt } from './sign-in-at.ts'
export type { PendraUsage, ProfundisUsage, UsageFilter, UsageTypes } from './usage.ts'
