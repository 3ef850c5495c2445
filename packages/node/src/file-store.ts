import { type EventListener, type Lock, PentauthError, type Store } from '@pentauth/core'
import { builtin } from './builtin.ts'
import { debugListener } from './debug.ts'
import { type Environment, own } from './environment.ts'
import { looksLikeKey } from './mistaken-key.ts'
import type { Tell } from './set-aside.ts'
import { fileStoreName, stateFolder } from './state-folder.ts'

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
  const { folder, env = process.env, onEvent = tellTo(debugListener(env)) } = own(options)
  if (folder !== undefined) checkFolder(folder)
  const path = builtin('node:path').resolve(folder ?? stateFolder(env))
  const known = stores.get(path) ?? storeIn(path)
  stores.set(path, known)
  if (onEvent) known.listeners.add(onEvent)
  return known.store
}

interface Known {
  readonly store: FileStore
  readonly listeners: Set<Tell>
}

const stores = new Map<string, Known>()

/** The store of a folder; what does the work is loaded with its first use. */
function storeIn(path: string): Known {
  const listeners = new Set<Tell>()
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

const tells = /* @__PURE__ */ new WeakMap<EventListener, Tell>()

/** Whoever listens to an Auth, as a listener to a store: the same one each time, so that a store tells it once. */
export function tellTo(listener: EventListener | undefined): Tell | undefined {
  if (!listener) return undefined
  const tell = tells.get(listener) ?? ((event) => void listener({ service: 'store', ...event }))
  tells.set(listener, tell)
  return tell
}

function checkFolder(folder: string): void {
  if (typeof folder === 'string' && folder.trim() && !folder.includes('\0') && !looksLikeKey(folder)) return
  throw new PentauthError({
    code: 'invalid_option',
    message: 'The option "folder" of fileStore is not the path of a folder.',
    hint: 'Give a path such as ./.pentauth, or leave it out.',
  })
}
