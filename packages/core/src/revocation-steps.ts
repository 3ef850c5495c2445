// The end of a session at its server: loaded when somebody signs out.
export { revokeTokens } from './revocation.ts'
