// Stands between a program and Node's file functions: each call on a watched folder is a point at which the process can be killed, or the
// call can fail. Compound functions are taken apart, as the system sees them: half of a file may be written when it happens.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const real = { ...fs }
const files = fs.promises
const realFiles = { ...fs.promises }

/** @type {{ folder: string, at: number, act: string, lasting: boolean, count: number, hit: string | undefined } | undefined} */
let armed
/** Paths by descriptor. @type {Map<number, string>} */
const opened = new Map()
/** Files with something in them that was not flushed. @type {Set<string>} */
const unflushed = new Set()

/**
 * From now on the n-th call on the folder, and all later ones if the fault is lasting, meets its end: `kill`, `cut` (killed, and what was
 * not flushed is lost as if the power had failed), or the name of an error.
 * @param {{ folder: string, at: number, act: string, lasting?: boolean }} plan
 */
export function arm({ folder, at, act, lasting = false }) {
  armed = { folder: resolve(folder), at, act, lasting, count: 0, hit: undefined }
}

/** Ends that; `hit` is the first call that was met, absent where there were fewer calls. */
export function disarm() {
  const { hit, count = 0 } = armed ?? {}
  armed = undefined
  return { hit, count }
}

const creating = new Set(['open for writing', 'mkdir', 'mkdtemp', 'rename', 'link', 'symlink', 'copyFile'])
const filling = new Set(['write', 'write, second half', 'fsync', 'fdatasync', 'truncate'])
const changing = new Set(['unlink', 'rmdir', 'chmod', 'utimes'])
const ofDescriptors = new Set(['read', 'write', 'write, second half', 'fsync', 'fdatasync', 'truncate', 'close'])

/** Whether a call can fail so: a full disk stops nobody from reading. */
const applies = {
  ENOSPC: (/** @type {string} */ call) => creating.has(call) || filling.has(call),
  EROFS: (/** @type {string} */ call) => creating.has(call) || changing.has(call),
  EACCES: (/** @type {string} */ call) => !ofDescriptors.has(call),
  EIO: () => true,
}

/**
 * @param {string} call
 * @param {unknown} where a path, or a descriptor
 */
function point(call, where) {
  const path = typeof where === 'number' ? opened.get(where) : pathOf(where)
  if (!armed || path === undefined || !(path === armed.folder || path.startsWith(`${armed.folder}/`))) return
  const { act } = armed
  // Before a call that only looks, the folder is as it is before the next one.
  const isEnd = act === 'kill' || act === 'cut'
  if (isEnd && !creating.has(call) && !changing.has(call) && !filling.has(call)) return
  if (!isEnd && !applies[/** @type {keyof typeof applies} */ (act)](call)) return
  armed.count += 1
  const { at, count, lasting } = armed
  if (lasting ? count < at : count !== at) return
  if (isEnd) die(act)
  armed.hit ??= call
  const errno = -constants.errno[/** @type {keyof typeof constants.errno} */ (act)]
  const syscall = call.split(/[ ,]/)[0]
  throw Object.assign(new Error(`${act}: injected, ${syscall} '${path}'`), { code: act, errno, syscall, path })
}

/** @param {string} act */
function die(act) {
  if (act === 'cut') for (const path of unflushed) if (real.existsSync(path)) real.truncateSync(path, 0)
  process.kill(process.pid, 'SIGKILL')
  for (;;);
}

/** @param {unknown} where */
function pathOf(where) {
  if (where instanceof URL) return fileURLToPath(where)
  return typeof where === 'string' || Buffer.isBuffer(where) ? resolve(String(where)) : undefined
}

/** @param {unknown} flags */
function openCall(flags = 'r') {
  const isReading = typeof flags === 'number' ? (flags & 3) === 0 : /^r[s]?$/.test(String(flags))
  return isReading ? 'open' : 'open for writing'
}

/** @param {unknown} data @param {any} options */
function bytesOf(data, options) {
  const encoding = typeof options === 'string' ? options : (options?.encoding ?? 'utf8')
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(String(data), encoding)
}

/** What was written to one name is now under another. @param {unknown} from @param {unknown} to */
function moved(from, to) {
  const [before = '', after = ''] = [pathOf(from), pathOf(to)]
  unflushed.delete(after)
  for (const path of [...unflushed]) {
    if (path !== before && !path.startsWith(`${before}/`)) continue
    unflushed.delete(path)
    unflushed.add(after + path.slice(before.length))
  }
}

// --- promises

/** @param {any} handle @param {string} path */
function watchedHandle(handle, path) {
  const { fd } = handle
  opened.set(fd, path)
  const own = Object.fromEntries(
    ['write', 'sync', 'datasync', 'close', 'chmod', 'stat', 'read', 'readFile', 'truncate', 'utimes'].map((name) => [
      name,
      handle[name].bind(handle),
    ]),
  )
  const simple = { sync: 'fsync', datasync: 'fdatasync', chmod: 'chmod', stat: 'stat', read: 'read', readFile: 'read' }
  for (const [name, call] of Object.entries({ ...simple, truncate: 'truncate', utimes: 'utimes' }))
    handle[name] = async (/** @type {unknown[]} */ ...args) => {
      point(call, fd)
      const result = await own[name]?.(...args)
      if (call.endsWith('sync')) unflushed.delete(opened.get(fd) ?? path)
      return result
    }
  /** @param {Buffer} bytes @param {number | null} position */
  const inHalves = async (bytes, position) => {
    const middle = bytes.length >> 1
    point('write', fd)
    unflushed.add(opened.get(fd) ?? path)
    await own.write?.(bytes.subarray(0, middle), 0, middle, position)
    point('write, second half', fd)
    const rest = bytes.length - middle
    await own.write?.(bytes.subarray(middle), 0, rest, position === null ? null : position + middle)
  }
  handle.write = async (/** @type {any} */ data, /** @type {any[]} */ ...rest) => {
    const isText = typeof data === 'string'
    const [offset = 0, length = data.byteLength - offset, position = null] = isText ? [] : rest
    const bytes = isText ? Buffer.from(data) : bytesOf(data, undefined).subarray(offset, offset + length)
    await inHalves(bytes, (isText ? rest[0] : position) ?? null)
    return { bytesWritten: bytes.length, buffer: data }
  }
  handle.writeFile = (/** @type {unknown} */ data, /** @type {unknown} */ options) =>
    inHalves(bytesOf(data, options), null)
  handle.appendFile = handle.writeFile
  handle.close = async () => {
    let failure
    try {
      point('close', fd)
    } catch (error) {
      failure = error
    }
    opened.delete(fd)
    await own.close?.()
    if (failure) throw failure
  }
  return handle
}

files.open = async (path, flags, mode) => {
  point(openCall(flags), path)
  return watchedHandle(await realFiles.open(path, flags, mode), pathOf(path) ?? '')
}
files.writeFile = async (/** @type {any} */ path, /** @type {any} */ data, /** @type {any} */ options) => {
  if (typeof path === 'object' && 'writeFile' in path) return path.writeFile(data, options)
  const handle = await files.open(path, options?.flag ?? 'w', options?.mode)
  try {
    await handle.writeFile(data, options)
    if (options?.flush) await handle.sync()
  } finally {
    await handle.close()
  }
}
files.readFile = /** @type {any} */ (
  async (/** @type {any} */ path, /** @type {any} */ options) => {
    if (typeof path === 'object' && 'readFile' in path) return path.readFile(options)
    point('open', path)
    point('read, second half', path)
    return realFiles.readFile(path, options)
  }
)
files.rename = async (from, to) => {
  point('rename', from)
  await realFiles.rename(from, to)
  moved(from, to)
}
files.rm = async (path, options) => {
  const isFolder = await files.lstat(path).then(
    (stats) => stats.isDirectory(),
    (error) => {
      if (options?.force && error.code === 'ENOENT') return undefined
      throw error
    },
  )
  if (isFolder === undefined) return
  if (!isFolder || !options?.recursive) return files.unlink(path)
  for (const name of await files.readdir(path)) await files.rm(join(String(path), name), options)
  return files.rmdir(path)
}

const others = [
  'unlink',
  'rmdir',
  'mkdir',
  'mkdtemp',
  'chmod',
  'stat',
  'lstat',
  'readdir',
  'opendir',
  'link',
  'readlink',
]
others.push('symlink', 'utimes', 'lutimes', 'truncate', 'copyFile', 'access', 'realpath', 'lchown', 'chown')
for (const name of others) {
  const call = name === 'lutimes' ? 'utimes' : name
  const promised = /** @type {any} */ (realFiles)[name]
  /** @type {any} */
  files[name] = async (/** @type {unknown[]} */ ...args) => {
    point(call, name === 'symlink' ? args[1] : args[0])
    return promised(...args)
  }
  const synchronous = /** @type {any} */ (real)[`${name}Sync`]
  /** @type {any} */
  fs[`${name}Sync`] = (/** @type {unknown[]} */ ...args) => {
    point(call, name === 'symlink' ? args[1] : args[0])
    return synchronous(...args)
  }
}

// --- at once

fs.openSync = (path, flags, mode) => {
  point(openCall(flags), path)
  const fd = real.openSync(path, flags, mode)
  opened.set(fd, pathOf(path) ?? '')
  return fd
}
fs.writeSync = /** @type {any} */ (
  (/** @type {number} */ fd, /** @type {any} */ data, /** @type {any[]} */ ...rest) => {
    const path = opened.get(fd)
    if (path === undefined || rest.length > 0) return real.writeSync(fd, data, ...rest)
    const bytes = bytesOf(data, undefined)
    point('write', fd)
    unflushed.add(path)
    const first = real.writeSync(fd, bytes.subarray(0, bytes.length >> 1))
    point('write, second half', fd)
    return first + real.writeSync(fd, bytes.subarray(first))
  }
)
for (const name of /** @type {const} */ (['fsyncSync', 'fdatasyncSync']))
  fs[name] = (fd) => {
    point(name.slice(0, -4), fd)
    real[name](fd)
    unflushed.delete(opened.get(fd) ?? '')
  }
fs.closeSync = (fd) => {
  try {
    point('close', fd)
  } finally {
    opened.delete(fd)
    real.closeSync(fd)
  }
}
fs.writeFileSync = (path, data, options) => {
  if (typeof path === 'number') return void fs.writeSync(path, bytesOf(data, options))
  const given = /** @type {any} */ (options)
  const fd = fs.openSync(path, given?.flag ?? 'w', given?.mode)
  try {
    fs.writeSync(fd, bytesOf(data, options))
  } finally {
    fs.closeSync(fd)
  }
}
fs.readFileSync = /** @type {any} */ (
  (/** @type {any} */ path, /** @type {any} */ options) => {
    point('open', path)
    return real.readFileSync(path, options)
  }
)
fs.renameSync = (from, to) => {
  point('rename', from)
  real.renameSync(from, to)
  moved(from, to)
}
fs.rmSync = (path, options) => {
  point('unlink', path)
  real.rmSync(path, options)
}

syncBuiltinESMExports()
