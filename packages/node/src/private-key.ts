import type { JsonWebKey, KeyObject } from 'node:crypto'
import { isAbsent, PentauthError, type SigningKey } from '@pentauth/core'
import { builtin } from './builtin.ts'
import { type Environment, own, variableIn } from './environment.ts'
import { expand } from './expand.ts'
import { checkPath, keyFileReader, unreadable } from './key-file.ts'
import { shownPath } from './mistaken-key.ts'

export interface PrivateKeyOptions {
  /** How an RSA key signs: RS256 unless given here or in the JWK's `alg`. */
  readonly algorithm?: 'RS256' | 'PS256' | undefined
  /** Where the key comes from, for messages. */
  readonly name?: string | undefined
}

export interface PrivateKeyFileOptions extends Omit<PrivateKeyOptions, 'name'> {
  /** The environment for `${NAME}` in the path; `process.env` unless given. */
  readonly env?: Environment | undefined
}

/**
 * A private key for a client that signs (`private_key_jwt`), from PEM (PKCS #8, also PKCS #1 and SEC 1) or a JWK.
 *
 * What it returns signs and cannot be read out again. Ed25519, EC (P-256, P-384, P-521) and RSA from 2048 bits.
 *
 * @throws PentauthError `malformed_credential` for what is no such key; no message and no cause holds anything of it.
 * @example
 * ```ts
 * const privateKey = importPrivateKey(process.env.ACME_PRIVATE_KEY ?? '', { name: 'ACME_PRIVATE_KEY' })
 * const credential = clientCredentials({ clientId, privateKey }, { issuer: 'https://auth.acme.example' })
 * ```
 */
export function importPrivateKey(key: string | JsonWebKey, options: PrivateKeyOptions = {}): SigningKey {
  const { algorithm, name = 'importPrivateKey' } = own(options)
  const text = typeof key === 'string' ? key.trim() : key
  const jwk = typeof text === 'string' && text.startsWith('{') ? jsonIn(text) : text
  const object = parsed(jwk)
  if (!object) throw unusable(name, flawOf(jwk))
  const wanted = algorithm ?? (typeof jwk === 'object' && jwk?.alg === 'PS256' ? 'PS256' : 'RS256')
  const found = algorithmOf(object, wanted)
  if (typeof found === 'string') throw unusable(name, found)
  return object.toCryptoKey(found, false, ['sign'])
}

/**
 * The private key in a file, in PEM or as a JWK; read once, now.
 *
 * `~/` is the home directory, `${NAME}` a variable; a relative path counts from the working directory. At most 64 KiB.
 *
 * @throws PentauthError `invalid_option` for what is no path or a variable that is missing, `source_failed` for a file that is not there or cannot be read,
 *   `malformed_credential` for what is no usable key in it.
 * @example
 * ```ts
 * const privateKey = privateKeyFile('/run/secrets/acme.pem')
 * const credential = clientCredentials({ clientId, privateKey }, { issuer: 'https://auth.acme.example' })
 * ```
 */
export function privateKeyFile(path: string, options: PrivateKeyFileOptions = {}): SigningKey {
  const { env = process.env, ...rest } = own(options)
  checkPath(path, 'privateKeyFile')
  const { text, from } = expand(path, 'The path given to privateKeyFile', (other) => variableIn(env, other))
  checkPath(text, 'privateKeyFile')
  const name = shownPath(text) + from
  const found = keyFileReader(text, () => name, 'private key')()
  if (isAbsent(found)) throw unreadable(name, found.absent, 'private key')
  return importPrivateKey(found.value, { ...rest, name })
}

/** The platform's own errors say much about the bytes they met, so they end here. */
function parsed(key: string | JsonWebKey | undefined): KeyObject | undefined {
  const { createPrivateKey } = builtin('node:crypto')
  try {
    if (typeof key === 'string') return createPrivateKey({ key, format: 'pem' })
    return createPrivateKey({ key: key as JsonWebKey, format: 'jwk' })
  } catch {
    return undefined
  }
}

function flawOf(key: string | JsonWebKey | undefined): string {
  if (key === '') return 'is empty'
  if (typeof key !== 'string')
    return key && !Object.hasOwn(key, 'd') ? 'is a public key' : 'is no private key in PEM or as a JWK'
  const [, label] = /^-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(key) ?? []
  if (label === 'PUBLIC KEY' || label === 'RSA PUBLIC KEY') return 'is a public key'
  if (label === 'CERTIFICATE') return 'is a certificate'
  if (label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: 4,ENCRYPTED/m.test(key))
    return 'is encrypted; decrypt it (openssl pkcs8 -in … -out …)'
  // Variables often hold PEM in one line.
  if (label !== undefined && key.includes('\\n')) return 'has "\\n" in the place of line ends'
  return 'is no private key in PEM or as a JWK'
}

const curves: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }

/** How a key signs, or why it does not. */
function algorithmOf(
  { asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject,
  rsa: 'RS256' | 'PS256',
): { name: string; namedCurve?: string; hash?: string } | string {
  if (type === 'ed25519') return { name: 'Ed25519' }
  const namedCurve = curves[details?.namedCurve ?? '']
  if (type === 'ec' && namedCurve !== undefined) return { name: 'ECDSA', namedCurve }
  if (type !== 'rsa') return `is of a kind that signs nothing here (${details?.namedCurve ?? type})`
  if ((details?.modulusLength ?? 0) < 2048) return `has ${details?.modulusLength} bits, and 2048 are the least`
  return { name: rsa === 'PS256' ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
}

function jsonIn(text: string): JsonWebKey | undefined {
  try {
    return JSON.parse(text) as JsonWebKey
  } catch {
    return undefined
  }
}

function unusable(name: string, flaw: string): PentauthError {
  return new PentauthError({
    code: 'malformed_credential',
    message: `The private key from ${name} ${flaw}.`,
    hint: 'Make one with: openssl genpkey -algorithm ed25519; the server knows the public half.',
  })
}
