import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore } from '@pentauth/core'
import { encrypted, encryptedFileStore } from '@pentauth/node'
import { onTestFinished, vi } from 'vitest'

/** A keychain of our own in place of this machine's, which does as told. */
function keychain(get: (saved: string | null) => unknown): void {
  let saved: string | null = null
  const AsyncEntry = class {
    async getPassword() {
      return get(saved)
    }
    async setPassword(text: string) {
      saved = text
    }
  }
  vi.doMock('@napi-rs/keyring', () => ({ AsyncEntry }))
  onTestFinished(() => void vi.doUnmock('@napi-rs/keyring'))
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pentauth-docs-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const key = new Uint8Array(32)
const saving = (folder = newFolder()) => encryptedFileStore({ folder }).set('a', 'one')

/** Ways to each error of an encrypted store. */
export function encryptedProvocations() {
  return {
    store_failed: [
      () => {
        keychain(() => Promise.reject(new TypeError('Secret Service: unlock prompt was dismissed')))
        return saving()
      },
      () => {
        keychain(() => null)
        return saving()
      },
      () => {
        keychain(() => 'a word')
        return saving()
      },
      async () => {
        keychain((saved) => saved)
        const folder = newFolder()
        await encrypted(encryptedFileStore({ folder, key }), key).set('a', 'one')
        return saving(folder)
      },
      async () => {
        const inner = memoryStore()
        await encrypted(inner, key).set('a', 'one')
        return encrypted(inner, new Uint8Array(32).fill(1)).get('a')
      },
    ],
    invalid_option: [() => encrypted(memoryStore(), new Uint8Array(16))],
  }
}
