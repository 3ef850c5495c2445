import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore } from '@pentauth/core'
import { encrypted, encryptedFileStore } from '@pentauth/node'
import { onTestFinished } from 'vitest'

/** What our keychain says it has. */
type Answer = () => unknown
const here = globalThis as { keychainOfDocs?: Answer }
const source = `export class AsyncEntry {
  async getPassword() { return globalThis.keychainOfDocs() }
  async setPassword() {}
}`

/** A keychain of our own in place of this machine's; without an answer the package for it is not installed. */
function keychain(answer?: Answer): void {
  if (answer) here.keychainOfDocs = answer
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (!/@napi-rs[/+]keyring/.test(specifier)) return next(specifier, context)
      if (answer) return { url: `data:text/javascript,${encodeURIComponent(source)}`, shortCircuit: true }
      throw Object.assign(new TypeError("Cannot find package '@napi-rs/keyring'"), { code: 'ERR_MODULE_NOT_FOUND' })
    },
  })
  onTestFinished(() => hooks.deregister())
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
        keychain()
        // The other build, so that this one has not tried yet.
        const other: typeof import('@pentauth/node') = createRequire(import.meta.url)('@pentauth/node')
        return other.encryptedFileStore({ folder: newFolder() }).set('a', 'one')
      },
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
        keychain(() => null)
        const folder = newFolder()
        await encryptedFileStore({ folder, key }).set('a', 'one')
        return saving(folder)
      },
      async () => {
        const inner = memoryStore()
        await encrypted(inner, key).set('a', 'one')
        return encrypted(inner, new Uint8Array(32).fill(1)).get('a')
      },
    ],
    invalid_option: [() => encrypted(memoryStore(), new Uint8Array(16)), () => encryptedFileStore({ folder: '' })],
  }
}
