import { randomUUID } from 'node:crypto'
import { chmod, mkdir, readFile, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { PentauthError } from '@pentauth/core'

/** A file as it was when it was read. */
export interface PresentFile {
  /** Where it really is, behind links. */
  readonly path: string
  /** Undefined where there is none. */
  readonly text: string | undefined
  /** Its permissions, where there is one. */
  readonly mode: number | undefined
}

/**
 * Reads a file that will be replaced.
 *
 * @throws PentauthError `invalid_option` for what is no text in UTF-8, or cannot be read.
 */
export async function presentFile(given: string): Promise<PresentFile> {
  const path = await targetOf(given)
  try {
    const there = await stat(path)
    if (!there.isFile()) throw failed(path, 'is no file')
    const [bytes, mode] = [await readFile(path), there.mode]
    return { path, text: decoded(bytes, path), mode: mode & 0o7777 }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { path, text: undefined, mode: undefined }
    throw failed(path, 'cannot be read', error)
  }
}

/**
 * Puts a text in the place of a file, whole or not at all.
 *
 * @param mode of a file that is new
 * @throws PentauthError `invalid_option` where it has changed since it was read, or cannot be written.
 */
export async function replaceFile(file: PresentFile, text: string, mode: number): Promise<void> {
  const { path } = file
  const part = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`)
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(part, text, { flag: 'wx', mode: file.mode ?? mode })
    // What the process masks out was there before.
    if (file.mode !== undefined) await chmod(part, file.mode)
    if ((await presentFile(path)).text !== file.text)
      throw failed(path, 'has changed since it was read, and was left as it is')
    await rename(part, path)
  } catch (error) {
    throw PentauthError.isInstance(error) ? error : failed(path, 'cannot be written', error)
  } finally {
    await rm(part, { force: true })
  }
}

/** Where links lead, also to a file that is not there yet; as many of them as Linux follows. */
async function targetOf(path: string, most = 40): Promise<string> {
  const real = await realpath(path).catch(() => undefined)
  if (real) return real
  const next = await readlink(path).catch(() => undefined)
  if (next === undefined) return path
  if (most === 0) throw failed(path, 'is a link that leads in a circle')
  return targetOf(resolve(dirname(path), next), most - 1)
}

function decoded(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw failed(path, 'is no text in UTF-8')
  }
}

function failed(path: string, what: string, cause?: unknown): PentauthError {
  if (PentauthError.isInstance(cause)) return cause
  const { code } = (cause ?? {}) as NodeJS.ErrnoException
  return new PentauthError({
    code: 'invalid_option',
    message: `${path} ${what}${code ? ` (${code})` : ''}.`,
    hint: 'Look at the file, and run the command again; --file names another one.',
    cause,
  })
}
