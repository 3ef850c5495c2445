/** What went wrong, as a stable word to branch on. */
export type SandboxErrorCode =
  | 'account_exists'
  | 'concurrent_fixture'
  | 'connection_dropped'
  | 'expectation_failed'
  | 'host_not_loopback'
  | 'invalid_fault'
  | 'invalid_scope'
  | 'key_exists'
  | 'key_in_grace'
  | 'listen_failed'
  | 'not_allowed'
  | 'not_entitled'
  | 'sign_in_failed'
  | 'unknown_account'
  | 'unknown_app'
  | 'unknown_client'
  | 'unknown_key'
  | 'unknown_origin'

/** What a {@link SandboxError} is made of. */
export interface SandboxErrorInit {
  readonly code: SandboxErrorCode
  readonly message: string
  /** What to do about it. */
  readonly hint?: string
  readonly cause?: unknown
}

// The package is built as ESM and as CommonJS, so two copies of the class can meet: `instanceof` would miss one.
const brand = Symbol.for('@pentauth/sandbox/SandboxError')

/** The one error the sandbox itself throws; a service's own refusals are responses, never errors. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError'
  readonly code: SandboxErrorCode
  readonly hint: string | undefined

  constructor(init: SandboxErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = init.code
    this.hint = init.hint
    Object.defineProperty(this, brand, { value: true })
  }

  /**
   * Tells whether a value is a SandboxError, whichever copy of the package made it.
   *
   * @example
   * if (SandboxError.isInstance(error) && error.code === 'not_entitled') console.log(error.hint)
   */
  static isInstance(value: unknown): value is SandboxError {
    return typeof value === 'object' && value !== null && brand in value
  }
}
