import { builtin } from './builtin.ts'
import { clear, takeAway } from './file-lock.ts'
import { isMark, livenessOf } from './process-mark.ts'

// What processes leave behind that end in the middle of something.

/** How old (ms) something must be whose maker may be in another container or on another host. */
const longAgo = 3_600_000

/** Removes from a store's folder what dead processes had begun. What cannot be removed now, or is somebody else's, stays. */
export async function cleanFolder(folder: string): Promise<void> {
  const { readdir } = builtin('node:fs/promises')
  const names = await readdir(folder).catch(() => [])
  for (const name of names) await clean(folder, name).catch(() => undefined)
}

async function clean(folder: string, name: string): Promise<void> {
  const { readdir, rmdir, unlink } = builtin('node:fs/promises')
  const path = builtin('node:path').join(folder, name)
  const [, mark = '', kind] = /^[a-z0-9-]+\.json\.([0-9a-f-]+)\.(tmp|new)$/.exec(name) ?? []
  if (isMark(mark) && (await isLeft(path, mark))) await (kind === 'tmp' ? unlink(path) : clear(path))
  if (!/^[a-z0-9-]+\.json\.lock$/.test(name)) return
  for (const holder of await readdir(path)) {
    // Those elsewhere are for whoever waits for the lock, who sees whether they give a sign of life.
    if (isMark(holder) && livenessOf(holder) === 'dead') await takeAway(path, holder)
    else if (isMark(holder.replace(/\.over$/, ''))) await clearOver(builtin('node:path').join(path, holder))
  }
  await rmdir(path)
}

async function clearOver(path: string): Promise<void> {
  if (path.endsWith('.over')) await clear(path)
}

async function isLeft(path: string, mark: string): Promise<boolean> {
  const liveness = livenessOf(mark)
  if (liveness !== 'elsewhere') return liveness === 'dead'
  const { mtimeMs } = await builtin('node:fs/promises').lstat(path)
  return Date.now() - mtimeMs > longAgo
}
