import type { Digester } from './runtime.ts'
import type { CredentialKind } from './service.ts'

/** A secret that never prints itself: printing, JSON, string conversion and `util.inspect` all show `[secret]`. */
export interface Secret {
  /** The value itself, for the moment it goes on the wire. */
  reveal(): string
  /** At most 8 leading characters, and never more than a third of the secret. */
  readonly preview: string
  /** First 8 hex digits of the SHA-256, to tell two secrets apart without seeing either. */
  fingerprint(crypto: Digester): Promise<string>
}

/**
 * Hides a value in a `Secret`, for credential sources of your own.
 *
 * @example
 * ```ts
 * const secret = createSecret('pdr_sk_your_key_here')
 * console.log(`${secret}`, secret.preview) // [secret] pdr_sk
 * ```
 */
export function createSecret(value: string): Secret {
  let fingerprint: Promise<string> | undefined
  const hidden = () => '[secret]'
  return Object.freeze({
    reveal: () => value,
    preview: value.slice(0, Math.min(8, Math.floor(value.length / 3))),
    fingerprint(crypto: Digester) {
      // Pages on plain http have no `subtle`; an event without a fingerprint beats a request that fails.
      fingerprint ??= crypto.subtle?.digest('SHA-256', new TextEncoder().encode(value)).then(hex) ?? Promise.resolve('')
      return fingerprint
    },
    toString: hidden,
    toJSON: hidden,
    // What util.inspect and console.log of Node, Bun and Deno ask an object for.
    [Symbol.for('nodejs.util.inspect.custom')]: hidden,
  })
}

function hex(digest: ArrayBuffer): string {
  return Array.from(new Uint8Array(digest, 0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

interface CredentialFacts {
  readonly secret: Secret
  /** Where it was found, for people: `PENSYVE_API_KEY`, `option "credential"`, `client credentials`. */
  readonly source: string
}

export interface ApiKey extends CredentialFacts {
  readonly kind: 'api-key'
}

export interface AccessToken extends CredentialFacts {
  readonly kind: 'access-token'
  /** Milliseconds since the epoch after which the token is not used any more; absent when unknown. */
  readonly expiresAt?: number
  /** Granted scopes, where the server said them. */
  readonly scopes?: readonly string[]
  /** Whose sign-in it is of; absent for the token of a program. */
  readonly account?: string
  /** The key that it is of no use without; absent for a Bearer token. */
  readonly boundTo?: ProofKey
}

/** A key that tokens are bound to (RFC 9449): a private JWK as text, or a pair of Web Crypto. */
export interface ProofKey {
  readonly jwk: Secret | undefined
  readonly pair: object | undefined
}

/** The key of a token that is bound to one; its own, since anybody may have polluted Object.prototype. */
export function keyOf(credential: Credential): ProofKey | undefined {
  return Object.hasOwn(credential, 'boundTo') ? (credential as AccessToken).boundTo : undefined
}

export type Credential = ApiKey | AccessToken

/** A credential as events and errors show it. */
export interface CredentialSummary {
  readonly kind: CredentialKind
  readonly source: string
  /** At most 8 characters. */
  readonly preview: string
  /** 8 hex digits of the SHA-256. */
  readonly fingerprint: string
}

/** Describes a credential without revealing it. */
export async function summarize(credential: Credential, crypto: Digester): Promise<CredentialSummary> {
  const { kind, source, secret } = credential
  return { kind, source, preview: secret.preview, fingerprint: await secret.fingerprint(crypto) }
}
