import type { Credential } from './credential.ts'
import { PentauthError } from './errors.ts'
import type { Emit } from './events.ts'
import type { NamedResource } from './resource-lookup.ts'
import type { Runtime } from './runtime.ts'
import type { CredentialKind, Service } from './service.ts'

/** For whom a source is asked for a credential. */
export interface CredentialRequest {
  readonly service: Service
  readonly resource: NamedResource
  readonly runtime: Runtime
  readonly emit: Emit
  /** Whether the credential is for a request that is sent now, and whose answer is told to `accepted` or `renew`. */
  readonly sends: boolean
  /** Seconds that a token must have left; a source renews one that ends sooner, and gives what it has where that is not possible now. */
  readonly minLife?: number | undefined
}

/** A source that has nothing says what it looked at and what would make it work. */
export interface Absent {
  readonly absent: string
  readonly next?: string
  /** What to say where no other source is asked; a chain goes on, and shows `absent` and `next`. */
  readonly error?: PentauthError
}

/**
 * Whether a source had nothing; own properties only, since anybody may have polluted Object.prototype.
 *
 * @example
 * ```ts
 * const found = { absent: 'not set' }
 * console.log(isAbsent(found)) // true
 * ```
 */
export function isAbsent(found: object): found is Absent {
  return Object.hasOwn(found, 'absent')
}

/**
 * Where a credential comes from and how it is renewed.
 *
 * `sent` says when the request went out, as a number that grows: answers come in any order, and an early request says nothing about
 * what happened later.
 */
export interface CredentialSource {
  /** For people: `PENSYVE_API_KEY`, `option "credential"`. */
  readonly name: string
  /** Known in advance where possible, so that a chain skips a kind the resource refuses. */
  readonly kind?: CredentialKind
  /** Answers without a promise when a fresh credential is at hand: that is the hot path. */
  get(request: CredentialRequest): Credential | Absent | Promise<Credential | Absent>
  /** After a refusal: another credential, or `undefined` when there is none. Must be safe to call concurrently. */
  renew?(refused: Credential, request: CredentialRequest, sent: number): Promise<Credential | undefined>
  /** After the service refused, in the same call, what `renew` had found; may throw the error of a failure that will pass. */
  refusedAgain?(refused: Credential, request: CredentialRequest, sent: number): void
  /** After the service took the credential; called for every such answer, so it must cost nothing. */
  accepted?(credential: Credential, request: CredentialRequest, sent: number): void | Promise<void>
  /** Whether something is there, told without any work; lets an event name the sources that were passed over. */
  present?(): boolean
  /** Sources behind the chosen one that hold something too. */
  passedOver?(request: CredentialRequest): readonly string[]
}

/**
 * Returns a credential source, and refuses whatever else a caller gives in its place.
 *
 * @throws PentauthError `invalid_option`.
 */
export function requireSource(source: CredentialSource): CredentialSource {
  if (typeof source?.get === 'function') return source
  throw new PentauthError({
    code: 'invalid_option',
    message: 'The option "credential" is not a credential source.',
    hint: 'Wrap a key as apiKey(key); in Node, import createAuth from @pentauth/node to use the environment.',
  })
}
