import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore } from '@pentauth/core'
import { storeContract } from '@pentauth/core/store-contract'
import { fileStore, stateFolder } from '@pentauth/node'
import { onTestFinished } from 'vitest'

/** A new folder for a store, which is gone when the test is over. */
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pentauth-docs-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Ways to each error of a store of files. */
export function fileProvocations() {
  return {
    store_failed: [
      () => {
        const folder = join(newFolder(), 'state')
        writeFileSync(folder, 'a file')
        return fileStore({ folder }).set('a', 'one')
      },
      () => {
        const folder = newFolder()
        const store = fileStore({ folder })
        return store.withLock('a', () => {
          for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true })
          mkdirSync(join(folder, 'somebody else'))
          return store.set('a', 'one')
        })
      },
      () => {
        const folder = newFolder()
        writeFileSync(join(folder, 'package.json'), '{}')
        chmodSync(folder, 0o755)
        return fileStore({ folder }).get('a')
      },
      async () => {
        const folder = newFolder()
        await fileStore({ folder }).set('a', 'one')
        for (const name of readdirSync(folder)) writeFileSync(join(folder, name), '{"version":99}', { mode: 0o600 })
        return fileStore({ folder }).get('a')
      },
      () => fileStore({ folder: newFolder() }).set('a', 'x'.repeat(5 * 1024 * 1024)),
      () => stateFolder({ HOME: 'no path', USERPROFILE: 'no path' }),
      () => storeContract(async () => ({ store: { ...memoryStore(), set: async () => {} } }))[1]?.run(),
    ],
    invalid_option: [() => fileStore({ folder: '' })],
  }
}
