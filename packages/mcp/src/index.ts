// The whole public surface of @pentauth/mcp: named exports only.
export { type AuthProvider, authProvider } from './auth-provider.ts'
export type { FetchLike } from './authorized-connection.ts'
export { type McpKeyRules, type McpServiceOptions, mcpService } from './mcp-service.ts'
export { pentauthErrorIn } from './refusal.ts'
export { type SignInAsErrorOptions, signInAsError } from './sign-in-as-error.ts'
export type { SignInWanted, SignInWay } from './sign-in-wanted.ts'
export { createTransport, type TransportClass, type TransportOptions } from './transport.ts'
