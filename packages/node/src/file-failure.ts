import { PentauthError } from '@pentauth/core'
import { atHome } from './state-folder.ts'

// What goes wrong with the files of a store, in our words: where, why, and the way out.

/** How a folder is chosen. */
export const byChoice = 'with PENTAUTH_HOME or the option "folder"'

const elsewhere = `or choose another folder, ${byChoice}`

/** Ways out, by what the platform says; those of trouble that may pass by itself are tried again. */
const waysOut: Readonly<Record<string, readonly [hint: string, retryable: boolean]>> = {
  ENOSPC: ['The disk is full: make room on it. What was there before is still there.', true],
  EDQUOT: ['Your share of the disk is used up: make room. What was there before is still there.', true],
  EIO: ['The disk or the file server does not answer as it should: look at the system log.', true],
  EMFILE: ['This process has too many files open.', true],
  ENFILE: ['This machine has too many files open.', true],
  ENOMEM: ['This machine has no memory left.', true],
  EBUSY: ['Another program uses it: try again.', true],
  EAGAIN: ['Another program uses it: try again.', true],
  EINTR: ['Try again.', true],
  ESTALE: ['The file server has lost track of it: try again.', true],
  ETIMEDOUT: ['The file server does not answer: try again.', true],
  EROFS: [`It is on a disk that cannot be written: mount it for writing, ${elsewhere}.`, false],
  ENAMETOOLONG: [`Its path is too long for this system: choose a shorter one, ${byChoice}.`, false],
  ELOOP: ['Its symbolic links lead in a circle.', false],
  ENOTDIR: [`A part of its path is a file: remove that, ${elsewhere}.`, false],
  EEXIST: [`What is there is no folder: remove it, ${elsewhere}.`, false],
}

/** Errors of Node and of the system have such codes. */
export function codeOf(error: unknown): string | undefined {
  const code: unknown = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** The failure of something done to a file or a folder; an error of ours is passed on. */
export function fileFailed(
  what: 'read' | 'write' | 'delete' | 'lock' | 'open',
  path: string,
  error: unknown,
): PentauthError {
  if (PentauthError.isInstance(error)) return error
  const code = codeOf(error)
  const [hint, retryable] = (code !== undefined && waysOut[code]) || denied(code)
  return storeFailed(`The file store cannot ${what} ${atHome(path)} (${code ?? 'unknown error'}).`, hint, retryable)
}

function denied(code: string | undefined): readonly [hint: string, retryable: boolean] {
  if (code !== 'EACCES' && code !== 'EPERM') return ['Check the folder.', false]
  const user = process.geteuid ? `, which runs as user ${process.geteuid()},` : ''
  return [`Let this process${user} read and write there, ${elsewhere}.`, false]
}

export function storeFailed(message: string, hint: string, retryable = false): PentauthError {
  return new PentauthError({ code: 'store_failed', message, hint, retryable })
}
