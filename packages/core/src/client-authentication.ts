import * as oauth from 'oauth4webapi'
import { invalidClient } from './client-metadata.ts'
import type { Secret } from './credential.ts'

/** How a client proves itself at the token endpoint (RFC 6749 section 2.3, RFC 7523 section 2.2). */
export type ClientAuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'

/** A private key of Web Crypto; by shape, since not every program has the browser's types. */
export interface SigningKey {
  readonly type: string
  readonly extractable: boolean
  readonly algorithm: { readonly name: string }
  readonly usages: readonly string[]
}

/** An OAuth client as endpoints see it. */
export interface OAuthClient {
  readonly clientId: string
  readonly authMethod: ClientAuthMethod
  readonly clientSecret?: Secret | undefined
  readonly privateKey?: SigningKey | undefined
  /** Signed by somebody whom the server trusts, in the place of what the client would sign itself. */
  readonly assertion?: Secret | undefined
}

/** The proof that goes with each request of the client; form-encoded in the Authorization header, as the standard has it. */
export function clientAuthentication(
  { authMethod, clientSecret, privateKey, assertion }: OAuthClient,
  now: () => number,
): oauth.ClientAuth {
  if (assertion) return signedElsewhere(assertion)
  if (authMethod === 'private_key_jwt') return signature(checkKey(privateKey), now)
  if (authMethod === 'client_secret_post' && clientSecret) return oauth.ClientSecretPost(clientSecret.reveal())
  if (authMethod === 'client_secret_basic' && clientSecret) return basic(clientSecret)
  return oauth.None()
}

/** A secret in the header, form-encoded (RFC 6749 section 2.3.1) as browsers do it: many servers do not decode it, and a hyphen is one. */
function basic(clientSecret: Secret): oauth.ClientAuth {
  return (_server, { client_id }, _body, headers) => {
    headers.set('authorization', `Basic ${btoa(`${formEncoded(client_id)}:${formEncoded(clientSecret.reveal())}`)}`)
  }
}

function formEncoded(text: string): string {
  return String(new URLSearchParams([['', text]])).slice(1)
}

/** A signed assertion about the client (RFC 7523 section 2.2), by the clock of the program. */
function signature(key: SigningKey, now: () => number): oauth.ClientAuth {
  const modifyAssertion = (header: { alg?: unknown }, claims: object) => {
    // The name that every server knows; its new one (RFC 9864) is for later.
    if (header.alg === 'Ed25519') header.alg = 'EdDSA'
    const seconds = Math.floor(now() / 1000)
    Object.assign(claims, { iat: seconds, nbf: seconds, exp: seconds + 60 })
  }
  return oauth.PrivateKeyJwt(key as CryptoKey, { [oauth.modifyAssertion]: modifyAssertion })
}

/** An assertion about the client that it did not sign (RFC 7523 section 2.2). */
function signedElsewhere(assertion: Secret): oauth.ClientAuth {
  return (_server, { client_id }, body) => {
    body.set('client_id', client_id)
    body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    body.set('client_assertion', assertion.reveal())
  }
}

/**
 * A client that was kept in a store, with the private key that was not.
 *
 * @throws PentauthError `invalid_option` where it has one that was not given.
 */
export function clientWith<C extends OAuthClient>(client: C, privateKey: SigningKey | undefined): C {
  if (client.authMethod !== 'private_key_jwt') return client
  if (privateKey) return { ...client, privateKey: checkKey(privateKey) }
  throw invalidClient('it proves itself with a private key, which no store keeps: pass it as privateKey here, too')
}

interface Algorithm {
  readonly name?: string
  readonly modulusLength?: number
  readonly hash?: { readonly name?: string }
}

const signing = ['Ed25519', 'ECDSA', 'RSA-PSS', 'RSASSA-PKCS1-v1_5']

/**
 * Refuses what cannot sign for a client.
 *
 * @throws PentauthError `invalid_option`.
 */
export function checkKey(key: SigningKey | undefined): SigningKey {
  const { type, usages, algorithm }: Partial<SigningKey> = key ?? {}
  const { name = '', modulusLength = 2048, hash }: Algorithm = algorithm ?? {}
  const isStrong = modulusLength >= 2048 && (hash === undefined || /^SHA-(?:256|384|512)$/.test(hash.name ?? ''))
  // Not by its class, which another realm has, too; a look-alike is no key to Web Crypto.
  const isKey = Object.prototype.toString.call(key) === '[object CryptoKey]'
  if (key && isKey && type === 'private' && usages?.includes('sign') && signing.includes(name) && isStrong) return key
  throw invalidClient(
    'its privateKey is no private key of Web Crypto that signs (Ed25519, ECDSA, or RSA from 2048 bits)',
  )
}
