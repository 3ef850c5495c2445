import { randomBytes, webcrypto } from 'node:crypto'
import { memoryLock, memoryStore, type Store } from '@pentauth/core'
import { storeContract } from '@pentauth/core/store-contract'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { encryptedFileStore } from '../src/encrypted-file-store.ts'
import { encrypted, type StoreKey } from '../src/encrypted-store.ts'
import { fileStore } from '../src/file-store.ts'
import { openFileStore } from '../src/opened-file-store.ts'
import { loseLock, temporaryFolder, textIn } from './support/encrypted.ts'

const key = randomBytes(32)
const secret = testKey.token('a session')
const NAME = 'session/https%3A%2F%2Fapi.example%2Fmcp/default/default'

/** A store in memory, what is in it, and the encrypted one over it. */
function opened(by: StoreKey = key) {
  const inner = memoryStore()
  return { inner, store: encrypted(inner, by), raw: async (name = NAME) => (await inner.get(name)) ?? '' }
}

describe('the contract, encrypted', () => {
  const inMemory = storeContract(async () => {
    const inner = { ...memoryStore(), withLock: memoryLock() }
    return { store: encrypted(inner, key), again: async () => encrypted(inner, key) }
  })
  it.each(inMemory.map((one) => [one.name, one] as const))('in memory: %s', (_, { run }) => run())

  const inFiles = storeContract(
    async () => {
      const folder = temporaryFolder()
      return {
        store: encryptedFileStore({ folder, key }),
        again: async () => encrypted(openFileStore(folder), key),
        loseLock: (name) => loseLock(folder, name),
      }
    },
    { expects: ['keys', 'withLock', 'again', 'loseLock'] },
  )
  it.each(inFiles.map((one) => [one.name, one] as const))('in files: %s', (_, { run }) => run())
})

describe('an encrypted store', () => {
  it('keeps nothing of a value, and another text for the same one each time', async () => {
    const folder = temporaryFolder()
    const store = encryptedFileStore({ folder, key })
    await store.set(NAME, secret)
    const first = textIn(folder)
    await store.set(NAME, secret)
    const second = textIn(folder)
    expectNoMarker({ first, second })
    expect(second).not.toBe(first)
    expect(await store.get(NAME)).toBe(secret)
    expect(await store.keys('session/')).toEqual([NAME])
  })

  it('is one line of JSON with all that is needed to read it later', async () => {
    const { store, raw } = opened()
    await store.set(NAME, 'abc')
    const envelope = JSON.parse(await raw())
    expect(envelope).toEqual({ v: 1, alg: 'A256GCM', iv: expect.any(String), ct: expect.any(String) })
    // As JSON: two letters more; and the tag of 16 bytes.
    expect(Buffer.from(envelope.iv, 'base64url')).toHaveLength(12)
    expect(Buffer.from(envelope.ct, 'base64url')).toHaveLength(5 + 16)
    // Anybody with the key can read it, by what is written there.
    const aes = await webcrypto.subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt'])
    const parameters = {
      name: 'AES-GCM',
      iv: Buffer.from(envelope.iv, 'base64url'),
      additionalData: Buffer.from(JSON.stringify([1, 'A256GCM', NAME])),
    }
    const plain = await webcrypto.subtle.decrypt(parameters, aes, Buffer.from(envelope.ct, 'base64url'))
    expect(Buffer.from(plain).toString()).toBe('"abc"')
  })

  it('keeps every text as it is, halves of characters too', async () => {
    const { store } = opened()
    for (const value of ['\ud83d', '\udd11 and \ud83d', 'x'.repeat(500_000)]) {
      await store.set(NAME, value)
      expect(await store.get(NAME)).toBe(value)
    }
  })

  it('says what it is, with the place of the store in it', () => {
    const folder = temporaryFolder()
    expect(encrypted(memoryStore(), key).name).toBe('encrypted store')
    expect(encryptedFileStore({ folder, key }).name).toBe(`encrypted ${fileStore({ folder }).name}`)
    expect(encryptedFileStore({ folder }).name).toBe(`encrypted ${fileStore({ folder }).name} (key in the OS keychain)`)
    expect(encryptedFileStore({ folder })).toBe(encryptedFileStore({ folder }))
  })

  it.each(['', ' ', 'a\0b', 5, null, testKey.pensyve()])(
    'refuses %j for a folder, and does not repeat it',
    (folder) => {
      for (const given of [{}, { key }]) {
        const work = () => encryptedFileStore({ folder: folder as string, ...given })
        const message = expect.stringContaining(
          'The option "folder" of encryptedFileStore is not the path of a folder.',
        )
        expect(work).toThrow(expect.objectContaining({ code: 'invalid_option', message }))
      }
    },
  )

  it('has a folder of its own within the state folder', async () => {
    const folder = temporaryFolder()
    const store = encryptedFileStore({ env: { PENTAUTH_HOME: folder }, key })
    await store.set(NAME, secret)
    expect(await fileStore({ folder }).keys('')).toEqual([])
    expect(await fileStore({ folder: `${folder}/encrypted` }).keys('')).toEqual([NAME])
  })
})

describe('what was tampered with is an error, and never absent', () => {
  const refused = { code: 'store_failed', retryable: false }
  const refusal = async (text: string, name = NAME) => {
    const { inner, store } = opened()
    await inner.set(name, text)
    const error = await caught(store.get(name))
    expect(error).toMatchObject(refused)
    expect(error.message).toMatch(/^A value in the encrypted store cannot be decrypted: /)
    expectNoMarker(error)
    return error.message
  }
  const written = async (name = NAME) => {
    const { store, raw } = opened()
    await store.set(name, secret)
    return raw(name)
  }

  it('each byte, with any of its bits flipped', async () => {
    const text = await written()
    for (let at = 0; at < text.length; at += 1) {
      for (const bit of [1, 2, 4, 8, 16, 32, 64]) {
        const flipped = String.fromCharCode(text.charCodeAt(at) ^ bit)
        await refusal(text.slice(0, at) + flipped + text.slice(at + 1))
      }
    }
  })

  it('cut at any place, or with something behind it', async () => {
    const text = await written()
    for (let end = 0; end < text.length; end += 1) await refusal(text.slice(0, end))
    for (const more of [' ', '\n', '{}', text]) await refusal(text + more)
    const { ct, ...rest } = JSON.parse(text)
    for (let end = 0; end < ct.length; end += 1) await refusal(JSON.stringify({ ...rest, ct: ct.slice(0, end) }))
  })

  it('a value under another name', async () => {
    expect(await refusal(await written('session/other'))).toContain('it was changed, or encrypted with another key.')
  })

  it('written in another way', async () => {
    const { v, alg, iv, ct } = JSON.parse(await written())
    for (const other of [
      { alg, v, iv, ct },
      { v, alg, iv, ct, more: 1 },
      { v, alg, iv: `${iv}=`, ct },
      { v, alg, iv: '', ct },
    ])
      expect(await refusal(JSON.stringify(other))).toContain('it was changed')
    expect(await refusal(JSON.stringify({ v: 2, alg: 'other' }))).toContain(
      'a newer version of this package has written it.',
    )
  })

  it('a value that somebody put there without encrypting it', async () => {
    for (const plain of [
      '',
      'text',
      'null',
      '7',
      '[]',
      '{"version":1}',
      JSON.stringify({ version: 1, refreshToken: secret }),
    ])
      expect(await refusal(plain)).toContain('it is not encrypted.')
  })

  it('another key', async () => {
    const { inner, store } = opened()
    await store.set(NAME, secret)
    const error = await caught(encrypted(inner, randomBytes(32)).get(NAME))
    expect(error).toMatchObject(refused)
    expect(error.hint).toContain('It was not used and not deleted.')
    // Deleting needs no key, so there is a way out.
    await encrypted(inner, () => Promise.reject(error)).delete(NAME)
    expect(await store.get(NAME)).toBeUndefined()
  })
})

describe('the key', () => {
  it('may be bytes, a CryptoKey, or a function that brings one', async () => {
    const aes = await webcrypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt'])
    const inner = memoryStore()
    for (const given of [key, new Uint8Array(key), aes, () => key, async () => aes]) {
      await encrypted(inner, given).set(NAME, secret)
      expect(await encrypted(inner, key).get(NAME)).toBe(secret)
    }
  })

  it('as bytes is copied: they may be cleared afterwards', async () => {
    const bytes = randomBytes(32)
    const again = Buffer.from(bytes)
    const { inner, store } = opened(bytes)
    bytes.fill(0)
    await store.set(NAME, secret)
    expect(await encrypted(inner, again).get(NAME)).toBe(secret)
  })

  it('is asked for once, when it is needed, and again after a failure', async () => {
    let asked = 0
    let isBroken = true
    const { store } = opened(async () => {
      asked += 1
      if (isBroken) throw new Error('the vault is away')
      return key
    })
    expect([await store.get(NAME), asked]).toEqual([undefined, 0])
    await expect(store.set(NAME, secret)).rejects.toThrow('the vault is away')
    isBroken = false
    await Promise.all([store.set(NAME, secret), store.set('b', secret)])
    expect([await store.get(NAME), asked]).toEqual([secret, 2])
  })

  it.each([
    ['text', 'x'.repeat(32)],
    ['16 bytes', randomBytes(16)],
    ['64 bytes', randomBytes(64)],
    ['no bytes', new Uint8Array()],
    ['an object', {}],
    ['null', null],
  ])('cannot be %s', async (_, wrong) => {
    const invalid = { code: 'invalid_option', message: expect.stringContaining('neither 32 bytes nor a CryptoKey') }
    expect(() => encrypted(memoryStore(), wrong as never)).toThrow(expect.objectContaining(invalid))
    expect(await caught(opened(() => wrong as never).store.set(NAME, secret))).toMatchObject(invalid)
  })

  it('cannot be a CryptoKey for something else', async () => {
    const all: KeyUsage[] = ['encrypt', 'decrypt']
    const make = (name: string, length: number, usages: KeyUsage[] = all) =>
      webcrypto.subtle.generateKey({ name, length }, false, usages)
    for (const wrong of [
      await make('AES-GCM', 128),
      await make('AES-CBC', 256),
      await make('AES-GCM', 256, ['decrypt']),
    ])
      expect(() => encrypted(memoryStore(), wrong as never)).toThrow('neither 32 bytes nor a CryptoKey')
  })
})

type KeyUsage = 'encrypt' | 'decrypt'

it('what a store cannot do, it cannot do encrypted, and a class is as good as an object', async () => {
  const { get, set, delete: remove } = memoryStore()
  const least: Store = { get, set, delete: remove }
  expect(Object.keys(encrypted(least, key)).sort()).toEqual(['delete', 'get', 'name', 'set'])
  class Mine implements Store {
    readonly #inner = memoryStore()
    readonly #lock = memoryLock()
    get = (name: string) => this.#inner.get(name)
    set = (name: string, value: string) => this.#inner.set(name, value)
    delete(name: string) {
      return this.#inner.delete(name)
    }
    async keys(prefix: string) {
      return (await this.#inner.keys?.(prefix)) ?? []
    }
    withLock<T>(name: string, run: () => Promise<T>) {
      return this.#lock(name, run)
    }
  }
  const store = encrypted(new Mine(), key)
  await store.withLock('a', () => store.set('a', secret))
  expect([await store.keys('a'), await store.get('a')]).toEqual([['a'], secret])
})
