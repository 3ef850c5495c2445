import { type EventListener, type Lock, PentauthError, type Store } from '@pentauth/core'
import { builtin } from './builtin.ts'
import { debugListener } from './debug.ts'
import { type Environment, own } from './environment.ts'
import { looksLikeKey } from './mistaken-key.ts'
import type { Tell } from './set-aside.ts'
import { fileStoreName, stateFolder } from './state-folder.ts'
import { type StoreListeners, storeListeners } from './store-listeners.ts'

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
  /** Told what the store found and put right, for as long as the process lives; printed with `PENTAUTH_DEBUG=1` unless given. */
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
 *   folder or file of another user, a folder that others use too, a file of a newer version, and what the platform refuses, such as a full disk.
 * @example
 * ```ts
 * const store = fileStore({ folder: './.pentauth' })
 * await store.set('a', 'one')
 * console.log(await store.get('a'), await store.withLock('a', async () => 'alone')) // one alone
 * await store.delete('a')
 * ```
 */
export function fileStore(options: FileStoreOptions = {}): FileStore {
  const { folder, env = process.env, onEvent } = own(options)
  if (folder !== undefined) checkFolder('fileStore', folder)
  const { store, listeners } = knownIn(folder ?? stateFolder(env))
  const debug = onEvent ? undefined : debugListener(env)
  if (onEvent) listeners.add(onEvent)
  if (debug) listeners.addBorrowed(debug)
  return store
}

/** The store of an environment, for who has a listener to more than stores: it is told of this one for as long as it is somebody's. */
export function fileStoreFor(env: Environment | undefined, listener: EventListener | undefined): FileStore {
  const { store, listeners } = knownIn(stateFolder(env))
  if (listener) listeners.addBorrowed(listener)
  return store
}

interface Known {
  readonly store: FileStore
  readonly listeners: StoreListeners
}

const stores = new Map<string, Known>()

function knownIn(folder: string): Known {
  const path = builtin('node:path').resolve(folder)
  const known = stores.get(path) ?? storeIn(path)
  stores.set(path, known)
  return known
}

/** The store of a folder; what does the work is loaded with its first use. */
function storeIn(path: string): Known {
  const listeners = storeListeners()
  let opening: ReturnType<typeof open> | undefined
  const open = async () => (await import('./opened-file-store.ts')).openFileStore(path, listeners)
  const opened = () => {
    opening ??= open()
    return opening
  }
  const store: FileStore = {
    name: fileStoreName(path),
    get: async (key) => (await opened()).get(key),
    set: async (key, value) => (await opened()).set(key, value),
    delete: async (key) => (await opened()).delete(key),
    keys: async (prefix) => (await opened()).keys(prefix),
    withLock: async (name, run) => (await opened()).withLock(name, run),
  }
  return { store, listeners }
}

/** @throws PentauthError `invalid_option` */
export function checkFolder(whose: string, folder: string): void {
  if (typeof folder === 'string' && folder.trim() && !folder.includes('\0') && !looksLikeKey(folder)) return
  throw new PentauthError({
    code: 'invalid_option',
    message: `The option "folder" of ${whose} is not the path of a folder.`,
    hint: 'Give a path such as ./.pentauth, or leave it out.',
  })
}
