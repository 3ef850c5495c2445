// The steps of all flows, which are one file in Node.
export { prepareClientToken, prepareWorkloadToken } from './client-steps.ts'
export { deviceAuthorization, deviceTokens, withClient } from './device-steps.ts'
export { revokeTokens } from './revocation-steps.ts'
export {
  authorizationCodeGrant,
  authorizationRequest,
  authorizationResponse,
  checkAuthorizationEndpoint,
  clientFor,
  clientWith,
  discover,
  forgetClient,
  noteReturned,
  randomId,
  refreshTokens,
  requestedScope,
  requestToken,
  savePending,
  sharedDiscovery,
  signInFailed,
  takePending,
  tellFailed,
} from './sign-in-steps.ts'
