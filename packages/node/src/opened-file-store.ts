import { memoryLock, type PentauthError, type Store } from '@pentauth/core'
import { builtin } from './builtin.ts'
import { cleanFolder } from './file-cleaning.ts'
import { byChoice, fileFailed, storeFailed } from './file-failure.ts'
import { acquireLock, type HeldLock } from './file-lock.ts'
import { fileName, isFileName, largestFile, recordText } from './file-record.ts'
import { deleteFile, writeFile } from './file-write.ts'
import { type LockTimes, lockTimes } from './lock-holder.ts'
import { readRecord } from './private-file.ts'
import { isStill, type PrivateFolder, privateFolder } from './private-folder.ts'
import { ignoreMissing, type Tell } from './set-aside.ts'
import { atHome, fileStoreName } from './state-folder.ts'

/** The work of a store of files: what it is asked for, in its folder. */
export function openFileStore(
  path: string,
  listeners: Iterable<Tell> = [],
  times: LockTimes = lockTimes,
): Required<Omit<Store, 'watch'>> {
  const tell: Tell = (event) => {
    for (const listener of listeners)
      void Promise.resolve(event)
        .then(listener)
        .catch(() => undefined)
  }
  const held = new Map<string, HeldLock>()
  const queue = memoryLock()
  let folder: Promise<PrivateFolder | undefined> | undefined

  /** The folder itself, as it was looked at; what dead processes left in it is removed first. */
  const ready = async (isMade: boolean): Promise<PrivateFolder | undefined> => {
    folder ??= privateFolder(path, isMade, tell).then(async (found) => {
      if (found !== undefined) await cleanFolder(found.path)
      return found
    })
    const mine = folder
    const found = await mine.catch((error) => {
      if (folder === mine) folder = undefined
      throw error
    })
    if (found !== undefined) return found
    // Not there yet: somebody may make it at any time.
    if (folder === mine) folder = undefined
    return isMade ? ready(true) : undefined
  }
  /** The folder as it is now: cleaners of old files remove such folders, and then anybody may make another. */
  const current = async (isMade: boolean): Promise<string | undefined> => {
    const mine = folder
    const known = await mine?.catch(() => undefined)
    if (known && !(await isStill(known)) && folder === mine) folder = undefined
    return (await ready(isMade))?.path
  }
  const pathIn = (found: string, name: string) => builtin('node:path').join(found, name)

  /** What is there for a key now; what cannot be replaced is refused. */
  const look = async (found: string, key: string) => {
    const at = pathIn(found, fileName(key))
    const record = await readRecord(at, tell)
    if (record?.is === 'newer') throw newerVersion(at)
    return record
  }

  /** Does something in the folder, which somebody may have removed or replaced since it was looked at. */
  const within = async <T>(key: string, work: (at: string, lock: HeldLock | undefined) => Promise<T>): Promise<T> => {
    const lock = held.get(key)
    const found = (await ready(true)) as PrivateFolder
    const attempt = async (where: string) => {
      await look(where, key)
      return work(pathIn(where, fileName(key)), lock)
    }
    if (lock || (await isStill(found))) return attempt(found.path)
    folder = undefined
    return attempt(((await ready(true)) as PrivateFolder).path)
  }

  return {
    name: fileStoreName(path),
    get: async (key) => {
      const found = await current(false)
      return found === undefined ? undefined : (await look(found, key))?.value
    },
    set: async (key, value) => {
      const text = recordText(key, value)
      await within(key, (at, lock) => {
        if (Buffer.byteLength(text) > largestFile) throw tooLarge(at)
        return writeFile(at, text, lock)
      })
    },
    delete: async (key) => {
      if ((await ready(false)) === undefined && !held.has(key)) return
      await within(key, deleteFile)
    },
    keys: async (prefix) => {
      const found = await current(false)
      if (found === undefined) return []
      const keys: string[] = []
      for (const name of await namesIn(found)) {
        const record = await readRecord(pathIn(found, name), tell)
        if (record?.key?.startsWith(prefix)) keys.push(record.key)
      }
      return keys
    },
    withLock: (name, run) =>
      queue(name, async () => {
        const found = (await current(true)) as string
        const onBroken = () => void cleanFolder(found)
        const lock = await acquireLock(pathIn(found, fileName(name)), times, tell, onBroken)
        held.set(name, lock)
        try {
          return await run()
        } finally {
          held.delete(name)
          await lock.release()
        }
      }),
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    const names = await builtin('node:fs/promises').readdir(folder).catch(ignoreMissing)
    return (names ?? []).filter(isFileName)
  } catch (error) {
    throw fileFailed('read', folder, error)
  }
}

function newerVersion(path: string): PentauthError {
  return storeFailed(
    `The file ${atHome(path)} was written by a newer version of this package.`,
    `Update this package where this program runs, or choose another folder for it, ${byChoice}.`,
  )
}

function tooLarge(path: string): PentauthError {
  return storeFailed(
    `The value for ${atHome(path)} is larger than ${largestFile / 1024 / 1024} MiB.`,
    'A store is for sessions; keep large things elsewhere.',
  )
}
