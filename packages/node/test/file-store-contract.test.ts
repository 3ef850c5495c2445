import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OpenStore, storeContract } from '@pentauth/core/store-contract'
import { describe, it } from 'vitest'
import { takeAway } from '../src/file-lock.ts'
import { fileName } from '../src/file-record.ts'
import { openFileStore } from '../src/file-store.ts'
import { isMark } from '../src/process-mark.ts'

// The contract of every store, for the one of files.

async function open(): Promise<OpenStore> {
  const root = mkdtempSync(join(tmpdir(), 'pentauth-store-'))
  const folder = join(root, 'state')
  symlinkSync(folder, join(root, 'link'))
  return {
    store: openFileStore(folder).store,
    again: async () => openFileStore(join(root, 'link')).store,
    loseLock: async (name) => {
      const lock = join(folder, `${fileName(name)}.lock`)
      await takeAway(lock, readdirSync(lock).find(isMark) ?? '')
    },
    close: async () => rmSync(root, { recursive: true, force: true }),
  }
}

describe('the contract of stores, with files', () => {
  const cases = storeContract(open, { expects: ['keys', 'withLock', 'again', 'loseLock'] })
  it.each(cases)('$name', ({ run }) => run())
})
