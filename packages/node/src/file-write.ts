import type { FileHandle } from 'node:fs/promises'
import { builtin } from './builtin.ts'
import { codeOf, fileFailed, storeFailed } from './file-failure.ts'
import type { HeldLock } from './file-lock.ts'
import { newMark } from './process-mark.ts'
import { ignoreMissing } from './set-aside.ts'
import { atHome } from './state-folder.ts'

// Changes to files that are there in full, or not at all: whatever happens meanwhile, a reader finds the old or the new.

/**
 * Writes a file; when this is done, it is on the disk. Within a lock it is made in the holder's folder, which is gone if the lock is lost:
 * then the system itself refuses the last step.
 *
 * @throws PentauthError `store_failed`; the old file is there then, unless only the folder could not be brought to the disk.
 */
export async function writeFile(path: string, text: string, held: HeldLock | undefined): Promise<void> {
  const { open, rename, unlink } = builtin('node:fs/promises')
  const { constants } = builtin('node:fs')
  const made = held ? builtin('node:path').join(held.folder, `${newMark()}.tmp`) : `${path}.${newMark()}.tmp`
  try {
    // Nobody else has this name, so nothing can be there that would be followed or written to.
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
    const file = await open(made, flags, 0o600)
    try {
      await fill(file, text)
      await rename(made, path)
    } catch (error) {
      await unlink(made).catch(() => undefined)
      throw error
    }
    await syncFolderOf(path)
  } catch (error) {
    throw held && codeOf(error) === 'ENOENT' ? lockLost(path) : fileFailed('write', path, error)
  }
}

async function fill(file: FileHandle, text: string): Promise<void> {
  try {
    // A mask can take rights away from its owner, too.
    await file.chmod(0o600)
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/**
 * Deletes a file, if it is there. Within a lock it is moved into the holder's folder, which is gone if the lock is lost.
 *
 * @throws PentauthError `store_failed`.
 */
export async function deleteFile(path: string, held: HeldLock | undefined): Promise<void> {
  const { access, rename, unlink } = builtin('node:fs/promises')
  try {
    if (held) {
      const gone = builtin('node:path').join(held.folder, `${newMark()}.gone`)
      const isMoved = await rename(path, gone).then(() => true, ignoreMissing)
      // Either of the two may be missing.
      if (!isMoved) return await access(held.folder)
      // What is left of it goes with the lock.
      await unlink(gone).catch(() => undefined)
    } else {
      const isGone = await unlink(path).then(() => true, ignoreMissing)
      if (!isGone) return
    }
    await syncFolderOf(path)
  } catch (error) {
    throw held && codeOf(error) === 'ENOENT' ? lockLost(path) : fileFailed('delete', path, error)
  }
}

/** Systems that cannot do it say so with one of these. */
const cannot = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR', 'EPERM', 'EACCES'])

/** A new name is on the disk when its folder is. */
async function syncFolderOf(path: string): Promise<void> {
  const { open } = builtin('node:fs/promises')
  try {
    const folder = await open(builtin('node:path').dirname(path), 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch (error) {
    if (!cannot.has(codeOf(error) ?? '')) throw error
  }
}

function lockLost(path: string) {
  return storeFailed(
    `The lock of ${atHome(path)} was lost to another process, so nothing was changed.`,
    'This process was stopped or busy for too long: try again.',
    true,
  )
}
