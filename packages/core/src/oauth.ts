// The steps of all flows, which are one file in Node.
export { prepareClientToken, prepareEnterpriseToken, prepareWorkloadToken } from './client-steps.ts'
export { deviceAuthorization, deviceTokens, signInFailed, tellFailed, withClient } from './device-steps.ts'
export { keyForProgram, keyForSession, proverOf, sendProven, wantsNonce, withProof } from './dpop-steps.ts'
export { pushedRequest } from './push-steps.ts'
export { forgetClient, noteReturned } from './registration-steps.ts'
export { revokeTokens } from './revocation-steps.ts'
export {
  authorizationCodeGrant,
  authorizationResponse,
  checkAuthorizationEndpoint,
  discover,
  keptClient,
  plainRequest,
  randomId,
  refreshTokens,
  requestedScope,
  requestToken,
  resourceParameter,
  savePending,
  sharedDiscovery,
  takePending,
} from './sign-in-steps.ts'
