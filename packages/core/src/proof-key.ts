import type { SigningKey } from './client-authentication.ts'

/** A key pair of Web Crypto that signs with ES256 (ECDSA, P-256); by shape, since not every program has the browser's types. */
export interface ProofKeyPair {
  readonly privateKey: SigningKey
  readonly publicKey: SigningKey
}

/** Whether tokens are bound to a key: one that is made for them, or the caller's own. */
export type DpopWish = boolean | ProofKeyPair

/** The private half as text can hold it (RFC 7517). */
export interface ProofJwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
  readonly d: string
}
