import type { PentauthErrorCode } from '@pentauth/core'

/** How the process ends, for scripts; the README documents each. */
export const exitCodes = {
  done: 0,
  failed: 1,
  /** Arguments, options or settings that cannot be used. */
  misused: 2,
  /** No credential, or one that only a person can bring: `pentauth login`. */
  signInRequired: 3,
  /** The service, or its authorization server, says no. */
  refused: 4,
  /** The same command may work later. */
  tryAgain: 5,
  /** `doctor` found a rule that the server breaks. */
  findings: 6,
  /** Ctrl-C, as shells number it. */
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

const { failed, misused, signInRequired, refused, tryAgain } = exitCodes

/** Every code, so that a new one is a decision. */
const byCode: Readonly<Record<PentauthErrorCode, ExitCode>> = {
  no_credential: signInRequired,
  source_failed: misused,
  malformed_credential: misused,
  wrong_credential: misused,
  credential_not_accepted: misused,
  url_not_covered: misused,
  invalid_url: misused,
  invalid_service: misused,
  invalid_option: misused,
  key_exposed: misused,
  insecure_context: misused,
  authentication_required: signInRequired,
  credential_refused: refused,
  agent_not_accessible: refused,
  insufficient_scope: refused,
  not_entitled: refused,
  insufficient_credits: refused,
  read_only_account: refused,
  console_only: refused,
  forbidden: refused,
  not_found: refused,
  rate_limited: tryAgain,
  request_rejected: refused,
  service_unavailable: tryAgain,
  client_refused: refused,
  token_request_rejected: refused,
  token_response_invalid: failed,
  temporarily_unavailable: tryAgain,
  sign_in_required: signInRequired,
  sign_in_failed: signInRequired,
  sign_in_response_invalid: failed,
  discovery_failed: failed,
  unsafe_address: failed,
  registration_failed: refused,
  store_failed: failed,
  token_invalid: failed,
  redirect_refused: failed,
  network_error: tryAgain,
  timeout: tryAgain,
}

export function exitCodeOf(code: PentauthErrorCode): ExitCode {
  return byCode[code] ?? failed
}
