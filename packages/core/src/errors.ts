import type { WaitingSignIn } from './waiting-sign-in.ts'

/** What went wrong, as a stable name: messages may be reworded, codes may not. */
export type PentauthErrorCode =
  // The caller's configuration
  | 'no_credential'
  | 'source_failed'
  | 'malformed_credential'
  | 'wrong_credential'
  | 'credential_not_accepted'
  | 'url_not_covered'
  | 'invalid_url'
  | 'invalid_service'
  | 'invalid_option'
  | 'key_exposed'
  | 'insecure_context'
  // What the service said
  | 'authentication_required'
  | 'credential_refused'
  | 'agent_not_accessible'
  | 'insufficient_scope'
  | 'not_entitled'
  | 'insufficient_credits'
  | 'read_only_account'
  | 'console_only'
  | 'forbidden'
  | 'not_found'
  | 'rate_limited'
  | 'request_rejected'
  | 'service_unavailable'
  // What the token endpoint said
  | 'client_refused'
  | 'token_request_rejected'
  | 'token_response_invalid'
  | 'temporarily_unavailable'
  // Signing in, and staying signed in
  | 'sign_in_required'
  | 'sign_in_failed'
  | 'sign_in_response_invalid'
  | 'discovery_failed'
  | 'unsafe_address'
  | 'registration_failed'
  | 'store_failed'
  | 'token_invalid'
  // On the way
  | 'redirect_refused'
  | 'network_error'
  | 'timeout'

/** One link of a credential chain that was looked at and gave nothing. */
export interface Tried {
  /** What was looked at: `PENSYVE_API_KEY`, `.env`, an option. */
  readonly source: string
  /** What was found there, in words and without any secret. */
  readonly result: string
  /** What to do so that this link works. */
  readonly next?: string
}

export interface PentauthErrorInit {
  readonly code: PentauthErrorCode
  readonly message: string
  /** The service's id, such as `pensyve`. */
  readonly service?: string | undefined
  /** HTTP status, where a response caused the error. */
  readonly status?: number | undefined
  /** Parameters of the documented message, such as `{ syntheticId }`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** The way out, in one or two sentences. */
  readonly hint?: string | undefined
  /** The service's own tool or call that leads out, such as `get_account`. */
  readonly wayOut?: string | undefined
  /** A page where the way out starts. */
  readonly link?: string | undefined
  /** Whether the same call may succeed later without any change. */
  readonly retryable?: boolean | undefined
  /** Seconds to wait before trying again. */
  readonly retryAfter?: number | undefined
  readonly tried?: readonly Tried[] | undefined
  /** The sign-in that has begun, where somebody only has to finish it. */
  readonly signIn?: WaitingSignIn | undefined
  readonly cause?: unknown
}

// A registered symbol, not `instanceof`: two copies of this package (ESM and CommonJS, two versions) recognise each other's errors.
const marker: unique symbol = Symbol.for('pentauth.error')

/**
 * Every error this family makes: a stable `code`, the way out in `hint`, a page in `docs`, and never a secret in any rendering.
 *
 * @example
 * ```ts
 * try {
 *   await auth.credential()
 * } catch (error) {
 *   if (PentauthError.isInstance(error) && error.code === 'no_credential') console.log(error.hint, error.tried)
 * }
 * ```
 */
export class PentauthError extends Error {
  override readonly name = 'PentauthError'
  readonly code: PentauthErrorCode
  readonly retryable: boolean
  /** The page of this code, with its causes and ways out: a file of the installed package, under `node_modules`. */
  readonly docs: string
  declare readonly service?: string
  declare readonly status?: number
  declare readonly parameters?: Readonly<Record<string, string>>
  declare readonly hint?: string
  declare readonly wayOut?: string
  declare readonly link?: string
  declare readonly retryAfter?: number
  declare readonly tried?: readonly Tried[]
  /** The sign-in that has begun, where somebody only has to finish it; no print and no JSON has it. */
  declare readonly signIn?: WaitingSignIn

  constructor({ code, message, cause, retryable = false, signIn, ...facts }: PentauthErrorInit) {
    super(
      facts.hint === undefined ? message : `${message}${message.endsWith('\n') ? '' : ' '}${facts.hint}`,
      cause === undefined ? undefined : { cause },
    )
    this.code = code
    this.retryable = retryable
    this.docs = `@pentauth/core/docs/errors/${code}.md`
    // Only facts that exist become properties, so that a printed error holds no `undefined` noise.
    for (const [name, value] of Object.entries(facts)) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true })
    }
    if (signIn !== undefined) Object.defineProperty(this, 'signIn', { value: signIn })
    Object.defineProperty(this, marker, { value: true })
  }

  /** Whether a value is a `PentauthError`, also one made by another copy of this package. */
  static isInstance(value: unknown): value is PentauthError {
    return typeof value === 'object' && value !== null && marker in value
  }

  /**
   * The error as plain data, for logs and for `structuredClone`, which by itself keeps no more of an error than its message: every
   * fact that exists, without the stack and the cause.
   */
  toJSON(): Record<string, unknown> {
    const { name, code, message, service, status, hint, wayOut, link, docs, retryable, retryAfter } = this
    // Copies, since what removes things from logs may write into what it is given.
    const parameters = this.parameters && { ...this.parameters }
    const tried = this.tried?.map((row) => ({ ...row }))
    const facts = {
      name,
      code,
      message,
      service,
      status,
      parameters,
      hint,
      wayOut,
      link,
      docs,
      retryable,
      retryAfter,
      tried,
    }
    return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
  }
}
