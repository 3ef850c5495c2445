import type { BigIntStats } from 'node:fs'
import type { StoreEvent } from '@pentauth/core'
import { builtin } from './builtin.ts'
import { codeOf } from './file-failure.ts'
import { atHome } from './state-folder.ts'

/** Tells whoever listens to a store. */
export type Tell = (event: StoreEvent) => void

/**
 * Gives another name to what lies in a store's way, and tells so; nothing is followed, changed or deleted.
 *
 * @param was what was found to be unusable: something that has come in its place meanwhile stays where it is
 */
export async function setAside(path: string, reason: string, tell: Tell, was?: BigIntStats): Promise<void> {
  const { link, lstat, rename, unlink } = builtin('node:fs/promises')
  const stillThere = async (at: string) => {
    const stats = await lstat(at, { bigint: true }).catch(ignoreMissing)
    return stats !== undefined && (!was || (stats.ino === was.ino && stats.dev === was.dev))
  }
  if (!(await stillThere(path))) return
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const aside = `${path}.corrupt-${time}-${builtin('node:crypto').randomBytes(4).toString('hex')}`
  const isMoved = await rename(path, aside).then(() => true, ignoreMissing)
  if (!isMoved) return
  if (await stillThere(aside)) {
    tell({ type: 'store_set_aside', path: atHome(path), movedTo: atHome(aside), reason })
    return
  }
  // Somebody wrote a new one in the moment before: back with it, unless there is a still newer one.
  const code = await link(aside, path).then(() => 'done', codeOf)
  if (code === 'done' || code === 'EEXIST') await unlink(aside)
  // Some disks know no second names.
  else if (!(await lstat(path).catch(ignoreMissing))) await rename(aside, path).catch(ignoreMissing)
}

/** What is not there is no failure. */
export function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error
}
