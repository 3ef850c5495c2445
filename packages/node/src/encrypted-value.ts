import type { webcrypto } from 'node:crypto'
import { builtin } from './builtin.ts'

// What stands in an encrypted store: a value under AES-256-GCM, bound to its name, as one line of JSON.

export type AesKey = webcrypto.CryptoKey

/** Why a value is not what it was. */
export type Undecryptable = 'foreign' | 'newer' | 'refused'

const algorithm = 'A256GCM'
const ivBytes = 12
const tagBytes = 16

/**
 * A new nonce each time, at random: one key writes far less than the 2^32 values after which two could be the same. As JSON, since
 * halves of characters would be lost otherwise.
 */
export async function encryptValue(aesKey: AesKey, name: string, value: string): Promise<string> {
  const iv = builtin('node:crypto').randomBytes(ivBytes)
  const ct = await subtle().encrypt(parameters(iv, name), aesKey, Buffer.from(JSON.stringify(value)))
  return envelope(iv.toString('base64url'), Buffer.from(ct).toString('base64url'))
}

export async function decryptValue(
  aesKey: AesKey,
  name: string,
  text: string,
): Promise<{ value: string } | { trouble: Undecryptable }> {
  const opened = openEnvelope(text)
  if ('trouble' in opened) return opened
  try {
    const value = await subtle().decrypt(parameters(opened.iv, name), aesKey, opened.ct)
    return { value: JSON.parse(Buffer.from(value).toString()) }
  } catch {
    return { trouble: 'refused' }
  }
}

/** Whether a text is one of ours, of any version. */
export function isEncrypted(text: string): boolean {
  const opened = openEnvelope(text)
  return !('trouble' in opened) || opened.trouble === 'newer'
}

type Opened = { readonly iv: Buffer<ArrayBuffer>; readonly ct: Buffer<ArrayBuffer> }

// Letter by letter: what could be written in two ways could be changed without being noticed.
function openEnvelope(text: string): Opened | { trouble: Undecryptable } {
  let parsed: Partial<Record<'v' | 'alg' | 'iv' | 'ct', unknown>>
  try {
    parsed = Object.assign(Object.create(null), JSON.parse(text))
  } catch {
    return { trouble: 'foreign' }
  }
  const { v, alg, iv, ct } = parsed
  if (typeof v !== 'number' || typeof alg !== 'string') return { trouble: 'foreign' }
  if (v > 1) return { trouble: 'newer' }
  if (typeof iv !== 'string' || typeof ct !== 'string' || envelope(iv, ct) !== text) return { trouble: 'refused' }
  const opened = { iv: Buffer.from(iv, 'base64url'), ct: Buffer.from(ct, 'base64url') }
  const isExact = opened.iv.toString('base64url') === iv && opened.ct.toString('base64url') === ct
  return isExact && opened.iv.length === ivBytes && opened.ct.length >= tagBytes ? opened : { trouble: 'refused' }
}

function envelope(iv: string, ct: string): string {
  return JSON.stringify({ v: 1, alg: algorithm, iv, ct })
}

// The name and the version are authenticated, too: a value that is moved to another name is refused.
function parameters(iv: Uint8Array<ArrayBuffer>, name: string) {
  return { name: 'AES-GCM', iv, additionalData: Buffer.from(JSON.stringify([1, algorithm, name])) }
}

function subtle() {
  return builtin('node:crypto').webcrypto.subtle
}
