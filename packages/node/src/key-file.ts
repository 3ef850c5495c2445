import {
  type Absent,
  type CredentialSource,
  isAbsent,
  type KeySourceOptions,
  keySource,
  PentauthError,
} from '@pentauth/core'
import { builtin } from './builtin.ts'
import { type Environment, own, variableIn } from './environment.ts'
import { expand } from './expand.ts'
import { looksLikeKey, shownPath } from './mistaken-key.ts'
import { textFile } from './text-file.ts'
import type { Found } from './variables.ts'

export interface KeyFileOptions extends Pick<KeySourceOptions, 'refusedGrace'> {
  /** The environment for `${NAME}` in the path; `process.env` unless given. */
  readonly env?: Environment | undefined
}

/**
 * The API key in a file of its own, such as a mounted secret of Kubernetes or Docker; a new key in it is used from the next request on.
 *
 * Each use looks whether what the path leads to has changed (one `stat`), so nothing watches, no timer runs, and a swapped symbolic
 * link is seen. When the file vanishes, empties or cannot be read later, the key that is known stays in use and an event says so.
 * `~/` is the home directory, `${NAME}` a variable; a relative path counts from the working directory at the first use. At most 64 KiB.
 *
 * @throws PentauthError `invalid_option` for what is no path; (when first used) `source_failed` for a file that cannot be read,
 *   `malformed_credential`, `wrong_credential`. A missing or empty file is no failure: a chain goes on.
 * @example
 * ```ts
 * const auth = createAuth(pensyve, { credential: firstOf(keyFile('/run/secrets/pensyve'), envKey('PENSYVE_API_KEY')) })
 * ```
 */
export function keyFile(path: string, options: KeyFileOptions = {}): CredentialSource {
  const { env = process.env, ...rest } = own(options)
  checkPath(path, 'keyFile')
  let reader: KeyFileReader | undefined
  const read = () => {
    if (!reader) {
      const { text, from } = expand(path, 'The path given to keyFile', (name) => variableIn(env, name))
      checkPath(text, 'keyFile')
      reader = keyFileReader(text, (file) => file + from)
    }
    return reader()
  }
  return { ...keySource(shownPath(path), read, { ...rest, reads: 'each-use' }), present: () => holdsKey(read) }
}

/** Looks into the file, cheaply: the key, or what was found instead. */
export type KeyFileReader = () => Found | Absent

/**
 * @param label how the file is called in messages, given its path
 * @param what is in it, in words
 */
export function keyFileReader(given: string, label: (path: string) => string, what = 'key'): KeyFileReader {
  const path = builtin('node:path').resolve(given.replace(/^~(?=[\\/])/, () => builtin('node:os').homedir()))
  const source = label(shownPath(path))
  const next = `write the ${what} into it`
  const read = textFile(path, { limit: 65_536, failed: (why) => unreadable(source, why, what) })
  return () => {
    const text = read()
    if (text === undefined) return { absent: 'no such file', next }
    const value = text.trim()
    return value ? { value, source } : { absent: 'the file is empty', next }
  }
}

/** Whether a file seems to hold a key; one that cannot be read is there too. */
export function holdsKey(read: KeyFileReader): boolean {
  try {
    return !isAbsent(read())
  } catch {
    return true
  }
}

/**
 * Refuses what cannot be the path of a key file.
 *
 * @param where who was given it, for the message
 */
export function checkPath(path: string, where: string): void {
  const flaw =
    typeof path !== 'string' || path.trim() === ''
      ? 'needs the path of a file'
      : path.includes('\0')
        ? 'was given a path with a zero character'
        : looksLikeKey(path)
          ? 'was given what looks like a key and not like a path'
          : undefined
  if (flaw === undefined) return
  throw new PentauthError({
    code: 'invalid_option',
    message: `${where} ${flaw}.`,
    hint: 'Give the path of the file that holds the key, with a slash: /run/secrets/pensyve, ./pensyve.key.',
  })
}

/** The error about a file that is there and cannot be read, or is needed and not there. */
export function unreadable(source: string, why: string, what: string): PentauthError {
  return new PentauthError({
    code: 'source_failed',
    message: `The ${what} file ${source} cannot be read (${why}).`,
    hint: wayOut(why, what),
  })
}

function wayOut(why: string, what: string): string {
  if (why.startsWith('a pipe'))
    return 'A pipe is empty after one reading: let keyCommand run the program that writes to it.'
  if (why.startsWith('a directory')) return 'Give the path of the file in it.'
  if (why.startsWith('larger'))
    return `${/^[aeiou]/.test(what) ? 'An' : 'A'} ${what} file holds one ${what} and nothing else.`
  if (why !== 'EACCES' && why !== 'EPERM') return 'Check the path.'
  const user = process.geteuid ? `, which runs as user ${process.geteuid()},` : ''
  return `Let this process${user} read the file and enter its directories.`
}
