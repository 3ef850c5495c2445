import { PentauthError, type Store, signedIn } from '@pentauth/core'
import { builtin } from './builtin.ts'
import type { AesKey, Undecryptable } from './encrypted-value.ts'

/** 32 random bytes, or a `CryptoKey` for AES-GCM of 256 bits that may encrypt and decrypt. */
export type StoreKeyValue = Uint8Array | { readonly type: string; readonly algorithm: { readonly name: string } }

/** The key of an encrypted store, or a function that brings it when it is first needed, and again after it failed. */
export type StoreKey = StoreKeyValue | (() => StoreKeyValue | Promise<StoreKeyValue>)

/** A store with what the one below can do, and a name for people. */
export type EncryptedStore<S extends Store> = Pick<S, keyof S & keyof Store> & { readonly name: string }

/** How an encrypted store comes by its key: one to write with may be made, one to read with must be the one that was written with. */
export interface KeyAccess {
  toRead(): Promise<AesKey>
  toWrite(): Promise<AesKey>
}

/**
 * A store that encrypts what another one keeps: values with AES-256-GCM, each bound to its name. Names stay readable, and with them
 * which services and accounts there are; the lock and the list of names are the other store's.
 *
 * `get` rejects with `store_failed` for a value that was changed, moved to another name, encrypted with another key or not at all: it
 * is never taken for absent. Errors of the function that brings the key are passed on.
 *
 * @throws PentauthError `invalid_option` for what is no such key, also (when first used) for what the function brings.
 * @example
 * ```ts
 * const key = Uint8Array.from(Buffer.from(process.env.STORE_KEY ?? '', 'base64url')) // 32 random bytes
 * const auth = createAuth(pensyve, { credential: signedIn({ store: encrypted(fileStore(), key) }) })
 * ```
 */
export function encrypted<S extends Store & { readonly name?: string }>(store: S, key: StoreKey): EncryptedStore<S> {
  // What is no store is refused now.
  signedIn({ store })
  const toUse = accessTo(key)
  return encryptedWith(store, `encrypted ${store.name ?? 'store'}`, { toRead: toUse, toWrite: toUse })
}

export const keyBytes = 32

/** The same with any access to the key, under a name for people. */
export function encryptedWith<S extends Store>(store: S, name: string, access: KeyAccess): EncryptedStore<S> {
  const whole = store as S & Required<Store>
  const made: Store & { readonly name: string } = {
    name,
    async get(key) {
      const text = (await store.get(key)) ?? undefined
      // Without a value no key is asked for, nor a person for their keychain.
      if (text === undefined) return undefined
      const { decryptValue } = await import('./encrypted-value.ts')
      const found = await decryptValue(await access.toRead(), key, text)
      if ('trouble' in found) throw undecryptable(name, found.trouble)
      return found.value
    },
    async set(key, value) {
      const { encryptValue } = await import('./encrypted-value.ts')
      await store.set(key, await encryptValue(await access.toWrite(), key, value))
    },
    delete: (key) => store.delete(key),
    // By its own methods: a store may be an object of a class.
    ...(store.keys ? { keys: (prefix) => whole.keys(prefix) } : {}),
    ...(store.withLock ? { withLock: (lock, run) => whole.withLock(lock, run) } : {}),
  }
  return made as EncryptedStore<S>
}

const words: Readonly<Record<Undecryptable, string>> = {
  foreign: 'it is not encrypted',
  newer: 'a newer version of this package has written it',
  refused: 'it was changed, or encrypted with another key',
}

function undecryptable(name: string, trouble: Undecryptable): PentauthError {
  return new PentauthError({
    code: 'store_failed',
    message: `A value in the ${name} cannot be decrypted: ${words[trouble]}.`,
    hint:
      trouble === 'newer'
        ? 'Update this package.'
        : 'It was not used and not deleted. Give the key that it was written with; without it, delete the value (store.delete) and sign in again.',
  })
}

/** A key that is given or brought, for reading and writing alike. */
function accessTo(key: StoreKey): () => Promise<AesKey> {
  return typeof key === 'function' ? retrying(async () => aesKeyOf(await key())) : given(key)
}

/** Checked and copied at once: who gives bytes may clear them afterwards. */
function given(key: StoreKeyValue): () => Promise<AesKey> {
  const found = checked(key)
  return retrying(() => imported(found))
}

function checked(key: unknown): AesKey | Buffer<ArrayBuffer> {
  if (key instanceof Uint8Array && key.length === keyBytes) return Buffer.from(key)
  const { type, algorithm, usages } = Object(key) as Partial<AesKey>
  const { name, length } = Object(algorithm) as { name?: string; length?: number }
  const isAesKey = type === 'secret' && name === 'AES-GCM' && length === keyBytes * 8
  if (isAesKey && ['encrypt', 'decrypt'].every((use) => usages?.some((one) => one === use))) return key as AesKey
  throw new PentauthError({
    code: 'invalid_option',
    message: 'The key of an encrypted store is neither 32 bytes nor a CryptoKey for AES-GCM of 256 bits.',
    hint: 'Give 32 random bytes, such as crypto.randomBytes(32) kept in a secret manager: no password, and no text.',
  })
}

/** As a key that nobody can read back. */
async function imported(key: AesKey | Buffer<ArrayBuffer>): Promise<AesKey> {
  if (!Buffer.isBuffer(key)) return key
  return builtin('node:crypto').webcrypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

/** What was given, or a function brought, as a key. */
export function aesKeyOf(key: unknown): Promise<AesKey> {
  return imported(checked(key))
}

/** Once for all who need it; a failure is not kept. */
export function retrying<T>(work: () => Promise<T>): () => Promise<T> {
  let pending: Promise<T> | undefined
  return () => {
    pending ??= work().catch((error) => {
      pending = undefined
      throw error
    })
    return pending
  }
}
