import { randomBytes } from 'node:crypto'
import { memoryStore, PentauthError, type Store } from '@pentauth/core'
import { hasMarker, testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { vi } from 'vitest'
import { encryptedStoreIn } from '../../src/encrypted-file-store.ts'
import { aesKeyOf, encrypted } from '../../src/encrypted-store.ts'
import { decryptValue, encryptValue } from '../../src/encrypted-value.ts'
import { keyFromKeychain, keyToKeychain } from '../../src/keychain.ts'
import { openFileStore } from '../../src/opened-file-store.ts'
import { temporaryFolder, textIn } from '../support/encrypted.ts'

// Rows of docs/threats.md about a key that is not there, and values that somebody changes.

const secret = testKey.token('a session')

/** The keychain of this test, and what is the matter with it. */
const keychain = { kept: new Map<string, string>(), trouble: '' }
vi.mock('@napi-rs/keyring', () => ({
  AsyncEntry: class {
    readonly #account: string
    constructor(_service: string, account: string) {
      this.#account = account
    }
    async getPassword() {
      if (keychain.trouble === 'locked') throw new TypeError('Secret Service: unlock prompt was dismissed')
      return keychain.trouble === 'empty' ? null : (keychain.kept.get(this.#account) ?? null)
    }
    async setPassword(text: string) {
      if (keychain.trouble === 'locked') throw new TypeError('Secret Service: unlock prompt was dismissed')
      if (keychain.trouble !== 'forgetful') keychain.kept.set(this.#account, text)
    }
  },
}))

type Open = (folder: string) => Store

/** Where there is no key, it keeps plain text; where none is found, it makes one. */
const accommodating: Open = (folder) => {
  const files = openFileStore(folder)
  const keyOf = async () => {
    const found = await keyFromKeychain(folder)
    if (found) return aesKeyOf(found)
    const made = randomBytes(32)
    await keyToKeychain(folder, made)
    return aesKeyOf(made)
  }
  return {
    ...files,
    async get(name) {
      const text = await files.get(name)
      if (text === undefined || !text.startsWith('{"v":')) return text
      const found = await keyOf()
        .then((key) => decryptValue(key, name, text))
        .catch(() => ({ trouble: 'refused' }))
      return 'value' in found ? found.value : undefined
    },
    async set(name, value) {
      const text = await keyOf()
        .then((key) => encryptValue(key, name, value))
        .catch(() => value)
      await files.set(name, text)
    },
  }
}

threat('L8', 'the keychain is locked, forgets, or has lost the key', {
  ours: (folder: string) => encryptedStoreIn(openFileStore(folder), folder),
  twin: accommodating,
  async attack(open: Open) {
    const found = []
    for (const trouble of ['locked', 'forgetful', 'empty']) {
      const [used, fresh] = [temporaryFolder(), temporaryFolder()]
      keychain.trouble = ''
      await open(used).set('session', secret)
      keychain.trouble = trouble
      const said = [await outcome(() => open(fresh).set('session', secret))]
      if (trouble !== 'forgetful') {
        said.push(await outcome(() => open(used).get('session')), await outcome(() => open(used).set('session', 'new')))
      }
      const plain = hasMarker(textIn(fresh)) || hasMarker(textIn(used))
      keychain.trouble = ''
      found.push({ trouble, said, plain, after: await outcome(() => open(used).get('session')) })
    }
    return found
  },
  breaches: (found) =>
    found.flatMap(({ trouble, said, plain, after }: Seen) => [
      // A new folder may have a new key, once there is a keychain that keeps it.
      ...said
        .slice(trouble === 'empty' ? 1 : 0)
        .flatMap((one) => (one === 'store_failed' ? [] : [`${trouble}: ${one}`])),
      ...(plain ? [`${trouble}: plain text on the disk`] : []),
      ...(after === secret ? [] : [`${trouble}: what was there before is lost`]),
    ]),
})

interface Seen {
  readonly trouble: string
  readonly said: readonly string[]
  readonly plain: boolean
  readonly after: string
}

/** Encrypted, and nothing more: no name is bound, and what cannot be decrypted counts as absent. */
const unbound = (inner: Store, key: Uint8Array): Store => ({
  ...inner,
  get: async (name) => {
    const text = await inner.get(name)
    if (text === undefined) return undefined
    const found = await decryptValue(await aesKeyOf(key), '', text)
    return 'value' in found ? found.value : text.startsWith('{"v":') ? undefined : text
  },
  set: async (name, value) => inner.set(name, await encryptValue(await aesKeyOf(key), '', value)),
})

threat('L9', 'somebody changes, moves or replaces what is encrypted', {
  ours: encrypted,
  twin: unbound,
  async attack(over: (inner: Store, key: Uint8Array) => Store) {
    const inner = memoryStore()
    const key = randomBytes(32)
    const store = over(inner, key)
    await store.set('session/mine', secret)
    await store.set('session/theirs', 'of somebody else')
    const mine = (await inner.get('session/mine')) ?? ''
    const forged: string[] = [
      (await inner.get('session/theirs')) ?? '',
      JSON.stringify({ version: 1, refreshToken: 'planted' }),
      '',
      `${mine} `,
      ...Array.from({ length: mine.length }, (_, at) => mine.slice(0, at)),
      ...Array.from(mine, (letter, at) => `${mine.slice(0, at)}${letter === 'A' ? 'B' : 'A'}${mine.slice(at + 1)}`),
    ]
    const found = []
    for (const text of forged.filter((one) => one !== mine)) {
      await inner.set('session/mine', text)
      found.push({ text, got: await outcome(() => store.get('session/mine')) })
    }
    return found
  },
  breaches: (found) =>
    found.flatMap(({ text, got }: { text: string; got: string }) =>
      got === 'store_failed' ? [] : [`${text.slice(0, 80)}: ${got}`],
    ),
})

async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    return `${await work()}`
  } catch (error) {
    return PentauthError.isInstance(error) ? error.code : `untyped: ${error}`
  }
}
