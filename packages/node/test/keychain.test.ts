import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { AsyncEntry, findCredentials } from '@napi-rs/keyring'
import { storeContract } from '@pentauth/core/store-contract'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encryptedFileStore, encryptedStoreIn } from '../src/encrypted-file-store.ts'
import { fileStore } from '../src/file-store.ts'
import { openFileStore } from '../src/opened-file-store.ts'
import { loseLock, temporaryFolder, textIn } from './support/encrypted.ts'
import { type KeychainSession, startKeychainSession, whyNot } from './support/keychain-session.ts'

const NAME = 'session/https%3A%2F%2Fapi.example%2Fmcp/default/default'
const PASSWORD = 'of the test'
const secret = testKey.token('a session')

// In one process, as the connection to the bus is made once in each.
describe.skipIf(whyNot)(`the keychain of a real gnome-keyring${whyNot}`, () => {
  let session: KeychainSession
  const before = { ...process.env }
  beforeAll(async () => {
    session = await startKeychainSession()
    Object.assign(process.env, session.env)
    await session.start(PASSWORD)
  })
  afterAll(async () => {
    process.env = before
    await session?.close()
  })

  const entryOf = (folder: string) => new AsyncEntry('pentauth', folder, { linux: { store: 'secret-service' } })
  /** As another process would have it: nothing is remembered. */
  const another = (folder: string) => encryptedStoreIn(openFileStore(folder), folder)

  describe('the contract', () => {
    const cases = storeContract(
      async () => {
        const folder = temporaryFolder()
        return {
          store: encryptedFileStore({ folder }),
          again: async () => another(folder),
          loseLock: (name) => loseLock(folder, name),
        }
      },
      { expects: ['keys', 'withLock', 'again', 'loseLock'] },
    )
    it.each(cases.map((one) => [one.name, one] as const))('%s', (_, { run }) => run())
  })

  it('has a key of 32 bytes for each folder, and never a value', async () => {
    const folder = temporaryFolder()
    const store = encryptedFileStore({ folder })
    expect(await store.get(NAME)).toBeUndefined()
    expect(await entryOf(folder).getPassword()).toBeNull()
    await store.set(NAME, `${secret} ${'x'.repeat(100_000)}`)
    const key = (await entryOf(folder).getPassword()) ?? ''
    expect([key.length, Buffer.from(key, 'base64url').length]).toEqual([43, 32])
    expectNoMarker({ files: textIn(folder), keychain: findCredentials('pentauth') })
    expect(textIn(folder)).not.toContain(key)
    expect(await another(folder).get(NAME)).toContain(secret)
    const other = temporaryFolder()
    await encryptedFileStore({ folder: other }).set(NAME, secret)
    expect(await entryOf(other).getPassword()).not.toBe(key)
  })

  it('eight processes that save at once make one key', async () => {
    const folder = temporaryFolder()
    const script = fileURLToPath(new URL('support/encrypted-process.mjs', import.meta.url))
    const all = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const child = spawn(process.execPath, [script, folder, `p${index}`], { stdio: ['pipe', 'pipe', 'inherit'] })
        const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
        await lines.next()
        return { child, lines, exit: once(child, 'exit') }
      }),
    )
    for (const { child } of all) child.stdin.write('go\n')
    const said = await Promise.all(all.map(async ({ lines }) => JSON.parse((await lines.next()).value ?? '{}')))
    await Promise.all(all.map(({ exit }) => exit))
    expect(said).toEqual(all.map((_, index) => ({ value: `of p${index}` })))
    const store = another(folder)
    for (const [index] of all.entries()) expect(await store.get(`p${index}`)).toBe(`of p${index}`)
  })

  it('no new key is made for a folder whose key is gone', async () => {
    const folder = temporaryFolder()
    await encryptedFileStore({ folder }).set(NAME, secret)
    const files = textIn(folder)
    expect(await entryOf(folder).deleteCredential()).toBe(true)
    for (const work of [
      () => another(folder).get(NAME),
      () => another(folder).set(NAME, secret),
      () => another(folder).set('new', 'one'),
    ]) {
      const error = await caught(work())
      expect(error).toMatchObject({ code: 'store_failed', retryable: false })
      expect(error.message).toContain('The keychain has no key for the encrypted file ')
      expect(error.message).toContain('Nothing was deleted, and no new key was made.')
      expectNoMarker(error)
    }
    expect([await entryOf(folder).getPassword(), textIn(folder)]).toEqual([null, files])
    // The way out: what cannot be read is deleted, and then there is nothing that a new key could make worse.
    await another(folder).delete(NAME)
    await another(folder).set(NAME, secret)
    expect(await another(folder).get(NAME)).toBe(secret)
  })

  it('what is no key is neither used nor replaced', async () => {
    const folder = temporaryFolder()
    await entryOf(folder).setPassword(secret)
    const error = await caught(another(folder).set(NAME, 'value'))
    expect(error).toMatchObject({ code: 'store_failed', retryable: false })
    expect(error.message).toContain('is no key of 32 bytes')
    expectNoMarker(error)
    expect(await entryOf(folder).getPassword()).toBe(secret)
    expect(readdirSync(folder).filter((name) => name.endsWith('.json'))).toEqual([])
    await entryOf(folder).deleteCredential()
  })

  it('locked, and without a daemon: says so, writes nothing, and works again as soon as it is unlocked', async () => {
    const folder = temporaryFolder()
    const used = temporaryFolder()
    await another(used).set(NAME, secret)
    const trouble = async (reason: string) => {
      for (const work of [
        () => another(folder).set(NAME, secret),
        () => another(used).get(NAME),
        () => another(used).set(NAME, 'other'),
      ]) {
        const error = await caught(work())
        expect(error).toMatchObject({ code: 'store_failed', retryable: true })
        expect(error.message).toMatch(`The OS keychain cannot be used: ${reason}. `)
        expect(error.hint).toContain('unlock it. Where there is no keychain')
        expectNoMarker(error)
      }
      expect(await fileStore({ folder }).keys('')).toEqual([])
    }
    const waiting = another(used)
    await session.start()
    await caught(waiting.get(NAME))
    await trouble('it is locked')
    await session.stop()
    await trouble('no Secret Service is there in this D-Bus session')
    await session.start(PASSWORD)
    expect(await waiting.get(NAME)).toBe(secret)
    await waiting.set(NAME, 'other')
    expect(await another(used).get(NAME)).toBe('other')
  })
})
