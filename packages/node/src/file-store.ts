import { type Lock, memoryLock, PentauthError, type Store } from '@pentauth/core'
import { builtin } from './builtin.ts'
import { debugListener } from './debug.ts'
import { type Environment, own } from './environment.ts'
import { cleanFolder } from './file-cleaning.ts'
import { fileFailed, storeFailed } from './file-failure.ts'
import { acquireLock, type HeldLock } from './file-lock.ts'
import { fileName, isFileName, largestFile, recordText } from './file-record.ts'
import { deleteFile, writeFile } from './file-write.ts'
import { type LockTimes, lockTimes } from './lock-holder.ts'
import { looksLikeKey } from './mistaken-key.ts'
import { readRecord } from './private-file.ts'
import { privateFolder } from './private-folder.ts'
import { ignoreMissing, type Tell } from './set-aside.ts'
import { atHome, stateFolder } from './state-folder.ts'

/** A store of files, with a lock among all processes that use its folder. */
export interface FileStore extends Store {
  /** For people: `file ~/.local/state/pentauth`. */
  readonly name: string
  keys(prefix: string): Promise<readonly string[]>
  readonly withLock: Lock
}

export interface FileStoreOptions {
  /** The folder; that of `stateFolder` unless given. */
  readonly folder?: string | undefined
  /** The environment that says where it is, and whether events are printed; `process.env` unless given. */
  readonly env?: Environment | undefined
  /** Told what the store found and put right; printed with `PENTAUTH_DEBUG=1` unless given. */
  readonly onEvent?: Tell | undefined
}

/**
 * Keeps sessions in files that only their owner can read: one for each name, mode 0600, in a folder of mode 0700. The same folder gives the
 * same store.
 *
 * A value is written beside the old one, brought to the disk and put in its place, so that whatever ends a process leaves the old or the
 * new. `withLock` reaches all processes that use the folder, in other containers and on other hosts too: a dead holder loses it at once on
 * the same machine, and after 3 s without a sign of life elsewhere; who has lost it cannot write that name any more. What cannot be
 * read is set aside under another name and counts as absent.
 *
 * @throws PentauthError `invalid_option` for what is no path; `store_failed` when there is no home folder; (when used) `store_failed` for a
 *   folder or file of another user, one of a newer version, and what the platform refuses, such as a full disk.
 * @example
 * ```ts
 * const store = fileStore({ folder: './.pentauth' })
 * await store.set('a', 'one')
 * console.log(await store.get('a'), await store.withLock('a', async () => 'alone')) // one alone
 * await store.delete('a')
 * ```
 */
export function fileStore(options: FileStoreOptions = {}): FileStore {
  const { folder, env = process.env, onEvent = debugging(env) } = own(options)
  if (folder !== undefined) checkFolder(folder)
  const path = builtin('node:path').resolve(folder ?? stateFolder(env))
  const known = stores.get(path) ?? openFileStore(path)
  stores.set(path, known)
  if (onEvent) known.listeners.add(onEvent)
  return known.store
}

const stores = new Map<string, ReturnType<typeof openFileStore>>()

function debugging(env: Environment): Tell | undefined {
  const listener = debugListener(env)
  return listener && ((event) => listener({ service: 'store', ...event }))
}

function checkFolder(folder: string): void {
  if (typeof folder === 'string' && folder.trim() && !folder.includes('\0') && !looksLikeKey(folder)) return
  throw new PentauthError({
    code: 'invalid_option',
    message: 'The option "folder" of fileStore is not the path of a folder.',
    hint: 'Give a path such as ./.pentauth, or leave it out.',
  })
}

/** A store of its own for a folder, with its listeners. */
export function openFileStore(
  path: string,
  times: LockTimes = lockTimes,
): { readonly store: FileStore; readonly listeners: Set<Tell> } {
  const listeners = new Set<Tell>()
  const tell: Tell = (event) => {
    for (const listener of listeners)
      void Promise.resolve(event)
        .then(listener)
        .catch(() => undefined)
  }
  const held = new Map<string, HeldLock>()
  const queue = memoryLock()
  let folder: Promise<string | undefined> | undefined

  /** The folder itself, looked at once; what dead processes left in it is removed first. */
  const ready = async (isMade: boolean): Promise<string | undefined> => {
    folder ??= privateFolder(path, isMade, tell).then(async (found) => {
      if (found !== undefined) await cleanFolder(found)
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
  const pathIn = (found: string, name: string) => builtin('node:path').join(found, name)

  /** What is there for a key now; what cannot be replaced is refused. */
  const look = async (found: string, key: string) => {
    const at = pathIn(found, fileName(key))
    const record = await readRecord(at, tell)
    if (record?.is === 'newer') throw newerVersion(at)
    return record
  }

  /** Does something in the folder, which somebody may have removed since it was looked at. */
  const within = async <T>(key: string, work: (at: string, lock: HeldLock | undefined) => Promise<T>): Promise<T> => {
    const lock = held.get(key)
    const found = (await ready(true)) as string
    const attempt = async (where: string) => {
      await look(where, key)
      return work(pathIn(where, fileName(key)), lock)
    }
    if (lock || (await isThere(found))) return attempt(found)
    folder = undefined
    return attempt((await ready(true)) as string)
  }

  const store: FileStore = {
    name: `file ${atHome(path)}`,
    get: async (key) => {
      const found = await ready(false)
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
      const found = await ready(false)
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
        const found = (await ready(true)) as string
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
  return { store, listeners }
}

async function isThere(folder: string): Promise<boolean> {
  const { access } = builtin('node:fs/promises')
  return access(folder).then(
    () => true,
    () => false,
  )
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
    'Update this package where this program runs, or give it a folder of its own with PENTAUTH_HOME.',
  )
}

function tooLarge(path: string): PentauthError {
  return storeFailed(
    `The value for ${atHome(path)} is larger than ${largestFile / 1024 / 1024} MiB.`,
    'A store is for sessions; keep large things elsewhere.',
  )
}
