import { builtin } from './builtin.ts'
import { codeOf, fileFailed } from './file-failure.ts'
import { holderWatch, type LockTimes } from './lock-holder.ts'
import { isMark, newMark } from './process-mark.ts'
import { ignoreMissing, setAside, type Tell } from './set-aside.ts'

// A lock among processes is a folder `<file>.lock` with one folder in it, which has the mark of its holder:
//
// - taken by a rename of a prepared folder, which the system refuses unless the place is free or an empty folder;
// - given back, and taken away from the dead, by a rename of the holder's folder in it, which can only meet that holder;
// - free when the holder's folder is empty and removed, so that nothing of an old holder can happen in the time of a new one.
//
// A holder writes by renames out of and into its own folder. Who has lost the lock has none, and the system refuses the write.

/** A lock that is held. */
export interface HeldLock {
  /** Of the holder alone; gone when the lock is lost. */
  readonly folder: string
  /** Never rejects: what was done in the lock is what counts. */
  release(): Promise<void>
}

const taken = new Set(['EEXIST', 'ENOTEMPTY', 'EPERM', 'EACCES', 'ENOTDIR', 'EISDIR', 'EBUSY'])
const over = '.over'
/** How often a free place may be refused, and a prepared folder be gone, before that is the failure. */
const attempts = 50

/** Locks that could not be given back: their holder lives and holds nothing. */
const abandoned = new Set<string>()

/**
 * Waits for the lock of a file.
 *
 * @param file the path of the file; the lock is beside it
 * @param onBroken called after a lock was taken from a dead process
 * @throws PentauthError `store_failed` when its holder lives and has not moved for too long, and what the platform refuses.
 */
export async function acquireLock(file: string, times: LockTimes, tell: Tell, onBroken: () => void): Promise<HeldLock> {
  const { rename } = builtin('node:fs/promises')
  const lock = `${file}.lock`
  const mark = newMark()
  const prepared = `${file}.${mark}.new`
  const watch = holderWatch(lock, times)
  try {
    await prepare(prepared, mark)
    for (let refusals = 0; ; ) {
      const code = await rename(prepared, lock).then(() => undefined, codeOf)
      if (code === undefined) return hold(lock, mark, times)
      if (code === 'ENOENT') await prepare(prepared, mark)
      else if (!taken.has(code)) throw fileFailed('lock', lock, { code })
      const found = await whoHas(lock, tell)
      if (found === 'nobody') {
        refusals += 1
        if (refusals > attempts) throw fileFailed('lock', lock, { code })
        continue
      }
      refusals = 0
      if (abandoned.has(found) || (await watch(found)) === 'dead') {
        await takeAway(lock, found)
        abandoned.delete(found)
        onBroken()
      }
    }
  } catch (error) {
    await clear(prepared).catch(() => undefined)
    throw fileFailed('lock', lock, error)
  }
}

/** A folder that becomes the lock when it gets its name. */
async function prepare(prepared: string, mark: string): Promise<void> {
  const { chmod, mkdir, writeFile } = builtin('node:fs/promises')
  const { join } = builtin('node:path')
  const folder = join(prepared, mark)
  const make = () => mkdir(folder, { recursive: true, mode: 0o700 })
  await make().catch(async (error) => {
    if (codeOf(error) !== 'EACCES') throw error
    await chmod(prepared, 0o700).catch(() => Promise.reject(error))
    await make()
  })
  await giveBack(prepared, 0o700)
  await giveBack(folder, 0o700)
  // What a person finds who looks into it; its time says that the holder lives.
  const facts = { pid: process.pid, host: builtin('node:os').hostname(), since: new Date().toISOString() }
  const owner = join(folder, 'owner')
  await writeFile(owner, JSON.stringify(facts), { mode: 0o600 })
  await giveBack(owner, 0o600)
}

/** A mask can take rights away from its owner, too. */
async function giveBack(path: string, rights: number): Promise<void> {
  const { chmod, stat } = builtin('node:fs/promises')
  const { mode } = await stat(path)
  if ((mode & rights) !== rights) await chmod(path, rights)
}

function hold(lock: string, mark: string, { beat }: LockTimes): HeldLock {
  const { utimes } = builtin('node:fs/promises')
  const folder = builtin('node:path').join(lock, mark)
  const owner = builtin('node:path').join(folder, 'owner')
  let isBeating = false
  const timer = setInterval(() => {
    const now = new Date()
    if (isBeating) {
      // Files are worked on by four threads, and four lookups of names that nobody answers keep them all.
      beatAtOnce(owner, now)
      return
    }
    isBeating = true
    void utimes(owner, now, now)
      .catch(() => undefined)
      .finally(() => {
        isBeating = false
      })
  }, beat)
  timer.unref()
  return {
    folder,
    release: async () => {
      clearInterval(timer)
      await takeAway(lock, mark).catch(() => abandoned.add(mark))
    },
  }
}

function beatAtOnce(owner: string, now: Date): void {
  try {
    builtin('node:fs').utimesSync(owner, now, now)
  } catch {
    // The lock was lost: the next write says so.
  }
}

/** The mark of the holder; what is left of earlier ones is removed, and what is no lock is set aside. */
async function whoHas(lock: string, tell: Tell): Promise<string | 'nobody'> {
  const { lstat, readdir, rmdir } = builtin('node:fs/promises')
  const { join } = builtin('node:path')
  const stats = await lstat(lock, { bigint: true }).catch(ignoreMissing)
  if (!stats) return 'nobody'
  if (!stats.isDirectory()) {
    await setAside(lock, 'not the folder of a lock', tell, stats)
    return 'nobody'
  }
  const names = (await readdir(lock).catch(ignoreMissing)) ?? []
  const ended = names.filter((name) => isEnded(name))
  for (const name of ended) await clear(join(lock, name))
  const holder = names.find(isMark)
  if (holder !== undefined) return holder
  // Windows puts no folder in the place of another, not even of an empty one.
  const isFree = ended.length > 0 || names.length === 0
  if (isFree) await rmdir(lock).catch(() => undefined)
  else await setAside(lock, 'not the folder of a lock', tell, stats)
  return 'nobody'
}

function isEnded(name: string): boolean {
  return name.endsWith(over) && isMark(name.slice(0, -over.length))
}

/** Ends the time of one holder: nobody who waits comes in before nothing of it can happen any more. */
export async function takeAway(lock: string, mark: string): Promise<void> {
  const { rename, rmdir } = builtin('node:fs/promises')
  const folder = builtin('node:path').join(lock, mark)
  await rename(folder, folder + over).catch(ignoreMissing)
  await clear(folder + over)
  // Where somebody has come in, it is not empty.
  await rmdir(lock).catch(() => undefined)
}

/** Removes a folder of ours. A write that began before the end of its lock may still put a file into it. */
export async function clear(folder: string): Promise<void> {
  await builtin('node:fs/promises').rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 5 })
}
