import type { BigIntStats } from 'node:fs'
import { builtin } from './builtin.ts'
import { byChoice, codeOf, fileFailed, storeFailed } from './file-failure.ts'
import { isNameOfStore } from './file-record.ts'
import { checkOwner, isLoose, modeOf, stillOpen } from './private-file.ts'
import type { Tell } from './set-aside.ts'
import { atHome, encryptedFolder, isHome } from './state-folder.ts'

/** A folder that was looked at, and what it was then. */
export interface PrivateFolder {
  readonly path: string
  readonly identity: string
}

/**
 * Makes sure that a folder is there, and is its owner's alone: one that is made has mode 0700 from its first moment, and one that others can
 * enter is repaired where nothing but a store is in it; else it is refused, since it may be there for those others. The path may be a symbolic link, as people have them who keep their settings elsewhere: it is followed once.
 *
 * @returns the folder that it leads to; `undefined` where there is none and none is to be made
 * @throws PentauthError `store_failed`.
 */
export async function privateFolder(path: string, isMade: boolean, tell: Tell): Promise<PrivateFolder | undefined> {
  const { chmod, lstat, mkdir, realpath } = builtin('node:fs/promises')
  try {
    const made = isMade ? await mkdir(path, { recursive: true, mode: 0o700 }) : undefined
    const folder = await realpath(path)
    const stats = await lstat(folder, { bigint: true })
    if (!stats.isDirectory()) throw fileFailed('open', path, { code: 'ENOTDIR' })
    checkOwner('folder', folder, stats)
    // A mask can take rights away from its owner, too.
    const isTight = made !== undefined && (stats.mode & 0o700n) !== 0o700n
    if (!isLoose(stats) && !isTight) return { path: folder, identity: identityOf(stats) }
    const others = made === undefined ? await useOfOthers(folder, stats) : undefined
    if (others) throw shared(folder, stats, others)
    await chmod(folder, 0o700)
    const now = await lstat(folder, { bigint: true })
    if (isLoose(now)) throw stillOpen(folder)
    if (!isTight) tell({ type: 'store_repaired', path: atHome(folder), from: modeOf(stats), to: '0700' })
    return { path: folder, identity: identityOf(now) }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && !isMade) return undefined
    throw fileFailed('open', path, error)
  }
}

/** Whether a folder is still what it was, and nobody has put another in its place or opened it to others. */
export async function isStill({ path, identity }: PrivateFolder): Promise<boolean> {
  const stats = await builtin('node:fs/promises')
    .lstat(path, { bigint: true })
    .catch(() => undefined)
  return stats !== undefined && identityOf(stats) === identity
}

function identityOf({ dev, ino, uid, mode }: BigIntStats): string {
  return `${dev} ${ino} ${uid} ${mode}`
}

/** Why a folder that others can enter may be meant for them. */
async function useOfOthers(folder: string, { mode }: BigIntStats): Promise<string | undefined> {
  if (builtin('node:path').dirname(folder) === folder) return 'is the root of a disk'
  if ((mode & 0o1000n) !== 0n) return 'is for all users, as its sticky bit says'
  if (await isHome(folder)) return 'is a home folder'
  const names = await builtin('node:fs/promises').readdir(folder)
  return names.every((name) => name === encryptedFolder || isNameOfStore(name)) ? undefined : holdsMore
}

const holdsMore = 'holds more than a file store'

function shared(folder: string, stats: BigIntStats, why: string) {
  const path = atHome(folder)
  const own = atHome(builtin('node:path').join(folder, 'pentauth'))
  const tighten = why === holdsMore ? ` Where nobody else needs this one: chmod 700 ${path}.` : ''
  return storeFailed(
    `The folder ${path} is open to others (mode ${modeOf(stats)}) and ${why}.`,
    `Choose a folder for the store alone, such as ${own}, ${byChoice}.${tighten}`,
  )
}
