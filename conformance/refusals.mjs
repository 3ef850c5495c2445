// Scenarios whose server is not to be trusted, or never satisfied: with which error our client ends. In all others its calls come
// through. The suites leave it open there how a client ends, so one that fails at something else would pass as well.

/** @type {Readonly<Record<string, string>>} */
export const refusals = {
  'auth/scope-retry-limit': 'insufficient_scope',
  'auth/resource-mismatch': 'discovery_failed',
  'auth/metadata-issuer-mismatch': 'discovery_failed',
  'auth/iss-supported-missing': 'sign_in_response_invalid',
  'auth/iss-wrong-issuer': 'sign_in_response_invalid',
  'auth/iss-unexpected': 'sign_in_response_invalid',
  'auth/iss-normalized': 'sign_in_response_invalid',
}
