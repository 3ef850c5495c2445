import type { BigIntStats } from 'node:fs'
import type { PentauthError } from '@pentauth/core'
import { builtin } from './builtin.ts'

export interface TextFileOptions {
  /** Most bytes that are read; a larger file is refused. */
  readonly limit: number
  /** The error for a file that is there and cannot be read, by its reason: `EACCES`, `a pipe and not a file`. */
  readonly failed: (why: string) => PentauthError
  /** Seconds on a clock that nobody sets. */
  readonly clock?: () => number
}

interface Known {
  readonly stamp: BigIntStats
  readonly text: string
  /** When this stamp was first seen, and when the file was last read (s). */
  readonly seenAt: number
  readonly readAt: number
}

/**
 * How long (s) a file may change without a new stamp: time stamps of two seconds, as on FAT, are the coarsest in use. Linux' own file
 * systems need 10 ms.
 */
const coarsest = 2

/**
 * Reads a text file again only when it has changed; the reader returns `undefined` where there is no file.
 *
 * A change shows in device, inode, size or one of two time stamps of what the path leads to, so that a swapped symbolic link is one
 * too. A second change could carry the same stamp as the first: hence a file is read at each use until a reading began 2 s after its
 * stamp was first seen. That time is measured on our side only; the clock of a file server need not agree with ours.
 */
export function textFile(path: string, options: TextFileOptions): () => string | undefined {
  const { limit, failed, clock = process.uptime } = options
  const { statSync } = builtin('node:fs')
  let known: Known | undefined

  const refresh = (): string | undefined => {
    const stamp = statSync(path, { bigint: true, throwIfNoEntry: false })
    if (stamp && known && isSame(stamp, known.stamp) && known.readAt - known.seenAt >= coarsest) return known.text
    const now = clock()
    const read = stamp && readText(path, limit, failed)
    known = read && { ...read, seenAt: known && isSame(read.stamp, known.stamp) ? known.seenAt : now, readAt: now }
    return known?.text
  }
  return () => {
    try {
      return refresh()
    } catch (error) {
      known = undefined
      const { code } = error as NodeJS.ErrnoException
      // Between the look and the opening.
      if (code === 'ENOENT') return undefined
      // The platform's own errors have codes such as EACCES; ours is passed on.
      throw code && /^E[A-Z]+$/.test(code) ? failed(code) : error
    }
  }
}

/** The text and the stamp it had before it was read: a change during the reading then shows at the next look. */
function readText(path: string, limit: number, failed: TextFileOptions['failed']): Pick<Known, 'stamp' | 'text'> {
  const { closeSync, constants, fstatSync, openSync, readSync } = builtin('node:fs')
  // Without waiting: opening a pipe that nobody writes to would hold the process for ever. Windows has no such pipes.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const stamp = fstatSync(file, { bigint: true })
    if (!stamp.isFile()) throw failed(`${kindOf(stamp)} and not a file`)
    const bytes = Buffer.allocUnsafe(limit + 1)
    let length = 0
    for (let more = -1; more !== 0 && length <= limit; length += more) {
      more = readSync(file, bytes, length, limit + 1 - length, null)
    }
    if (length > limit) throw failed(`larger than ${limit / 1024} KiB`)
    // Editors of some systems put a byte order mark in front.
    return { stamp, text: bytes.toString('utf8', 0, length).replace(/^\uFEFF/, '') }
  } finally {
    closeSync(file)
  }
}

function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return (
    one.ctimeNs === other.ctimeNs &&
    one.mtimeNs === other.mtimeNs &&
    one.size === other.size &&
    one.ino === other.ino &&
    one.dev === other.dev
  )
}

function kindOf(stats: BigIntStats): string {
  if (stats.isFIFO()) return 'a pipe'
  if (stats.isDirectory()) return 'a directory'
  return stats.isSocket() ? 'a socket' : 'a device'
}
