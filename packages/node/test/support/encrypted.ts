import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { takeAway } from '../../src/file-lock.ts'
import { fileName } from '../../src/file-record.ts'

/** A folder that is there as long as the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pentauth-encrypted-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** All that is in the files of a folder. */
export function textIn(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n')
}

/** Takes the lock of a name in a file store from whoever holds it. */
export async function loseLock(folder: string, name: string): Promise<void> {
  const lock = join(folder, `${fileName(name)}.lock`)
  for (const mark of readdirSync(lock)) await takeAway(lock, mark)
}
