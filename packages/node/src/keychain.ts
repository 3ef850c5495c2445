import { PentauthError } from '@pentauth/core'
import { keyBytes } from './encrypted-store.ts'
import { atHome } from './state-folder.ts'

// The keychain of the operating system: Keychain on macOS, Credential Manager on Windows, the Secret Service on Linux. It keeps a key
// of 32 bytes only, never a session: what it takes is limited (2,560 bytes on Windows).

const service = 'pentauth'

type Entry = import('@napi-rs/keyring').AsyncEntry

/**
 * What the keychain has under that name.
 *
 * @throws PentauthError `store_failed` when there is no usable keychain, or what it has is no key.
 */
export async function keyFromKeychain(account: string): Promise<Buffer<ArrayBuffer> | undefined> {
  const entry = await entryOf(account)
  const text = await entry.getPassword().catch((error) => Promise.reject(unusable(error)))
  if (text === null || text === undefined) return undefined
  const key = Buffer.from(text, 'base64url')
  if (key.length === keyBytes && key.toString('base64url') === text) return key
  throw new PentauthError({
    code: 'store_failed',
    message: `What the OS keychain has as "${service}" for ${atHome(account)} is no key of 32 bytes.`,
    hint: 'Restore it; it was neither used nor replaced.',
  })
}

/**
 * Saves a key, and looks whether the keychain really has it.
 *
 * @throws PentauthError `store_failed` when it does not.
 */
export async function keyToKeychain(account: string, key: Buffer): Promise<void> {
  const entry = await entryOf(account)
  await entry.setPassword(key.toString('base64url')).catch((error) => Promise.reject(unusable(error)))
  // From a handle of its own, so that nothing remembered answers.
  const found = await keyFromKeychain(account)
  if (found?.equals(key)) return
  throw new PentauthError({
    code: 'store_failed',
    message: 'The OS keychain does not have what was just saved in it.',
    hint: `Nothing was encrypted with that key. ${ways()}`,
  })
}

async function entryOf(account: string): Promise<Entry> {
  const { AsyncEntry } = await import('@napi-rs/keyring').catch((error) => Promise.reject(notLoaded(error)))
  // Pinned: without a Secret Service the package would use the kernel's keyring, which is empty after a restart and differs by session.
  try {
    return new AsyncEntry(service, account, { linux: { store: 'secret-service' } })
  } catch (error) {
    throw unusable(error)
  }
}

function notLoaded(error: unknown): PentauthError {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown }
  const isMissing = /MODULE_NOT_FOUND$/.test(String(code)) && /@napi-rs\/keyring'/.test(String(message))
  return new PentauthError({
    code: 'store_failed',
    message: `The OS keychain cannot be used: the package @napi-rs/keyring ${isMissing ? 'is not installed' : 'cannot be loaded here'}.`,
    hint: `${isMissing ? 'Run "npm install @napi-rs/keyring".' : 'Install it again on this machine, with its optional dependencies.'} ${ways()}`,
  })
}

/** By the words of the package, which has no codes; its own message is not repeated. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/dismissed|locked|interaction is not allowed/i, 'it is locked'],
  [/no result found/i, 'it has no default collection'],
  [/AccessDenied|denied|not permitted/i, 'access was denied'],
  [/dbus|d-bus|zbus|ServiceUnknown|not provided/i, 'no Secret Service is there in this D-Bus session'],
]

function unusable(error: unknown): PentauthError {
  const { message, cause } = Object(error) as { message?: unknown; cause?: unknown }
  const said = `${message} ${(Object(cause) as { message?: unknown }).message}`
  const reason = reasons.find(([pattern]) => pattern.test(said))?.[1] ?? 'it does not answer'
  return new PentauthError({
    code: 'store_failed',
    message: `The OS keychain cannot be used: ${reason}.`,
    hint: `${starts[process.platform] ?? starts.linux} ${ways()}`,
    retryable: true,
  })
}

const starts: Partial<Record<NodeJS.Platform, string>> & { readonly linux: string } = {
  darwin: 'Unlock the login keychain, and allow this program to use it.',
  win32: 'Sign in to Windows as the user that this process runs as.',
  linux: 'Start gnome-keyring or another Secret Service in the D-Bus session of this process, and unlock it.',
}

/** The choice is the person's: nothing falls back to plain text by itself. */
function ways(): string {
  return 'Where there is no keychain, as in a container, give encryptedFileStore a "key", or choose fileStore(), which does not encrypt.'
}
