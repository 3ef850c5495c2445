import { PentauthError } from '@pentauth/core'
import { builtin } from './builtin.ts'
import {
  aesKeyOf,
  encrypted,
  encryptedWith,
  type KeyAccess,
  keyBytes,
  retrying,
  type StoreKey,
} from './encrypted-store.ts'
import { own } from './environment.ts'
import { checkFolder, type FileStore, type FileStoreOptions, fileStore } from './file-store.ts'
import { encryptedFolder, stateFolder } from './state-folder.ts'

export interface EncryptedFileStoreOptions extends FileStoreOptions {
  /** The key; one in the keychain of the operating system unless given, which is made with the first value. */
  readonly key?: StoreKey | undefined
}

/** One for each folder, as there is one file store for it: they share the key that was read. */
const known = /* @__PURE__ */ new Map<string, FileStore>()

/**
 * A file store whose values are encrypted with AES-256-GCM, under a key that the keychain of the operating system keeps, by way of the
 * package `@napi-rs/keyring`, or under one that is given. Only the 32 bytes of the key are in the keychain, so there is no limit to what
 * is kept. Names stay readable. Its folder is `encrypted` in the state folder unless one is given.
 *
 * It never falls back to plain text, and no key is made while there are values that were encrypted with another. Its methods reject
 * with `store_failed` when the package is missing, the keychain is absent, locked or without the key, and for a value that cannot be
 * decrypted, beside what `fileStore` rejects with.
 *
 * @throws PentauthError `invalid_option` for what is no such key or no path; `store_failed` when there is no home folder.
 * @example
 * ```ts
 * const store = encryptedFileStore() // npm install @napi-rs/keyring
 * console.log(store.name) // encrypted file ~/.local/state/pentauth/encrypted (key in the OS keychain)
 * ```
 */
export function encryptedFileStore(options: EncryptedFileStoreOptions = {}): FileStore {
  const { key, ...rest } = own(options)
  if (rest.folder !== undefined) checkFolder('encryptedFileStore', rest.folder)
  const { join, resolve } = builtin('node:path')
  const folder = resolve(rest.folder ?? join(stateFolder(rest.env), encryptedFolder))
  const files = fileStore({ ...rest, folder })
  if (key !== undefined) return encrypted(files, key)
  const store = known.get(folder) ?? encryptedStoreIn(files, folder)
  known.set(folder, store)
  return store
}

/** A file store encrypted under the key that the keychain has for its folder. */
export function encryptedStoreIn(files: FileStore, folder: string): FileStore {
  const name = `encrypted ${files.name} (key in the OS keychain)`
  return encryptedWith(files, name, keychainAccess(files, name, folder))
}

function keychainAccess(files: FileStore, name: string, folder: string): KeyAccess {
  // Whatever way leads to the folder: it is there by the time that a key is needed.
  const account = () => builtin('node:fs/promises').realpath(folder)
  const found = async () => {
    const { keyFromKeychain } = await import('./keychain.ts')
    const key = await keyFromKeychain(await account())
    return key && aesKeyOf(key)
  }
  const toRead = retrying(async () => {
    const key = await found()
    if (key) return key
    throw keyGone(name)
  })
  const toWrite = retrying(() =>
    files.withLock('encryption-key', async () => {
      const there = await found()
      if (there) return there
      if (await holdsEncrypted(files)) throw keyGone(name)
      const made = builtin('node:crypto').randomBytes(keyBytes)
      const { keyToKeychain } = await import('./keychain.ts')
      await keyToKeychain(await account(), made)
      return aesKeyOf(made)
    }),
  )
  return { toRead, toWrite }
}

async function holdsEncrypted(files: FileStore): Promise<boolean> {
  const { isEncrypted } = await import('./encrypted-value.ts')
  for (const name of await files.keys('')) {
    const text = await files.get(name)
    if (text !== undefined && isEncrypted(text)) return true
  }
  return false
}

function keyGone(name: string): PentauthError {
  return new PentauthError({
    code: 'store_failed',
    message: `The keychain has no key for the ${name}, and what it encrypted cannot be read without it.`,
    hint: 'Restore it, or run as the user whose keychain has it. If it is gone for good, move the folder away and sign in again. Nothing was deleted, and no new key was made.',
  })
}
