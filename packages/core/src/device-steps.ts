// The steps of a sign-in on another device: loaded when one begins.
export { requestedScope } from './authorization-request.ts'
export { deviceAuthorization, deviceTokens } from './device-authorization.ts'
export { discover } from './discovery.ts'
export { withClient } from './registration.ts'
export { sharedDiscovery } from './shared-discovery.ts'
export { signInFailed, tellFailed } from './sign-in-failure.ts'
