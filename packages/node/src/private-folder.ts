import { builtin } from './builtin.ts'
import { codeOf, fileFailed } from './file-failure.ts'
import { checkOwner, isLoose, modeOf, stillOpen } from './private-file.ts'
import type { Tell } from './set-aside.ts'
import { atHome } from './state-folder.ts'

/**
 * Makes sure that a folder is there, and is its owner's alone: one that is made has mode 0700 from its first moment, and one that others can
 * enter is repaired. The path may be a symbolic link, as people have them who keep their settings elsewhere: it is followed once.
 *
 * @returns the folder that it leads to; `undefined` where there is none and none is to be made
 * @throws PentauthError `store_failed`.
 */
export async function privateFolder(path: string, isMade: boolean, tell: Tell): Promise<string | undefined> {
  const { chmod, lstat, mkdir, realpath } = builtin('node:fs/promises')
  try {
    const made = isMade ? await mkdir(path, { recursive: true, mode: 0o700 }) : undefined
    const folder = await realpath(path)
    const stats = await lstat(folder, { bigint: true })
    if (!stats.isDirectory()) throw fileFailed('open', path, { code: 'ENOTDIR' })
    checkOwner('folder', folder, stats)
    // A mask can take rights away from its owner, too.
    const isTight = made !== undefined && (stats.mode & 0o700n) !== 0o700n
    if (!isLoose(stats) && !isTight) return folder
    await chmod(folder, 0o700)
    if (isLoose(await lstat(folder, { bigint: true }))) throw stillOpen(folder)
    if (!isTight) tell({ type: 'store_repaired', path: atHome(folder), from: modeOf(stats), to: '0700' })
    return folder
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && !isMade) return undefined
    throw fileFailed('open', path, error)
  }
}
