import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { builtin } from './builtin.ts'
import { byChoice, codeOf, fileFailed, storeFailed } from './file-failure.ts'
import { type FileRecord, largestFile, parseRecord } from './file-record.ts'
import { setAside, type Tell } from './set-aside.ts'
import { atHome } from './state-folder.ts'

/** What cannot be opened in this way, by the code that the platform then gives. */
const unopened: Readonly<Record<string, string>> = {
  ELOOP: 'a symbolic link',
  EMLINK: 'a symbolic link',
  ENXIO: 'a socket',
  EOPNOTSUPP: 'a socket',
  EISDIR: 'a directory',
}

/** How often somebody may replace a file while we look at it. */
const attempts = 5

/**
 * Reads a file of a store. Nothing that is no file of ours is followed or waited for: it is set aside, as is what cannot be read, and
 * both count as absent. A looser mode than 0600 is repaired.
 *
 * @throws PentauthError `store_failed` for a file of another user, and what the platform refuses.
 */
export async function readRecord(
  path: string,
  tell: Tell,
): Promise<Exclude<FileRecord, { readonly is: 'corrupt' }> | undefined> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const found = await look(path, tell)
    if (found?.is !== 'corrupt') return found
  }
  return undefined
}

async function look(path: string, tell: Tell): Promise<FileRecord | undefined> {
  const { constants } = builtin('node:fs')
  const { open } = builtin('node:fs/promises')
  let file: FileHandle
  try {
    // Without waiting: opening a pipe that nobody writes to would not end. Windows has neither.
    file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') return undefined
    const kind = code !== undefined && unopened[code]
    if (!kind) throw fileFailed('read', path, error)
    return aside(path, kind, tell)
  }
  try {
    // Held open meanwhile, so that no other file can get its number.
    const stats = await file.stat({ bigint: true })
    const flaw = await flawOf(file, path, stats, tell)
    const record: FileRecord = flaw
      ? { is: 'corrupt', reason: flaw }
      : parseRecord(await textOf(file), builtin('node:path').basename(path))
    return record.is === 'corrupt' ? await aside(path, record.reason, tell, stats) : record
  } catch (error) {
    throw fileFailed('read', path, error)
  } finally {
    await file.close()
  }
}

async function aside(path: string, reason: string, tell: Tell, stats?: BigIntStats): Promise<FileRecord> {
  try {
    await setAside(path, reason, tell, stats)
  } catch (error) {
    throw fileFailed('read', path, error)
  }
  // Looked at once more: somebody may have written a new one.
  return { is: 'corrupt', reason }
}

/** Why an open file is not read; a loose mode is repaired. */
async function flawOf(file: FileHandle, path: string, stats: BigIntStats, tell: Tell): Promise<string | undefined> {
  if (!stats.isFile()) return kindOf(stats)
  checkOwner('file', path, stats)
  if (isLoose(stats)) {
    // The mode of another name would change with it. One that is ours alone gives nobody anything, and backups make such names.
    if (stats.nlink > 1n) return 'a file with a second name'
    await file.chmod(0o600)
    if (isLoose(await file.stat({ bigint: true }))) throw stillOpen(path)
    tell({ type: 'store_repaired', path: atHome(path), from: modeOf(stats), to: '0600' })
  }
  return stats.size > largestFile ? `larger than ${largestFile / 1024 / 1024} MiB` : undefined
}

async function textOf(file: FileHandle): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for (let more = -1; more !== 0 && length <= largestFile; length += more) {
    const chunk = Buffer.allocUnsafe(16_384)
    more = (await file.read(chunk, 0, chunk.length, null)).bytesRead
    chunks.push(chunk.subarray(0, more))
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** @throws PentauthError `store_failed` for what another user could change behind our back. */
export function checkOwner(what: 'file' | 'folder', path: string, { uid }: BigIntStats): void {
  // Windows has none.
  const user = process.geteuid?.()
  if (user === undefined || uid === BigInt(user)) return
  throw storeFailed(
    `The ${what} ${atHome(path)} of the file store belongs to user ${uid}, and this process runs as user ${user}.`,
    `Run it as that user (sudo keeps the home folder of who calls it), or choose a folder of its own, ${byChoice}.`,
  )
}

/** Whether others than the owner may do anything. */
export function isLoose({ mode }: BigIntStats): boolean {
  return process.platform !== 'win32' && (mode & 0o077n) !== 0n
}

export function modeOf({ mode }: BigIntStats): string {
  return `0${(mode & 0o777n).toString(8)}`
}

export function stillOpen(path: string): Error {
  return storeFailed(
    `Others may read ${atHome(path)}, and the disk that it is on keeps no other mode.`,
    `Choose a folder on a disk with permissions, ${byChoice}.`,
  )
}

function kindOf(stats: BigIntStats): string {
  if (stats.isFIFO()) return 'a pipe'
  if (stats.isDirectory()) return 'a directory'
  return stats.isSocket() ? 'a socket' : 'a device'
}
