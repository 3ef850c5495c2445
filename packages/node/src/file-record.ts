import { builtin } from './builtin.ts'

// How a file store names its files and what is in them.

/** Most bytes of a file that is read or written. */
export const largestFile: number = 4 * 1024 * 1024

const version = 1

/** What the text of a file turned out to be. */
export type FileRecord =
  | { readonly is: 'whole'; readonly key: string; readonly value: string }
  /** Of a later version of this package, which may say what it is the value of. */
  | { readonly is: 'newer'; readonly key: string | undefined }
  | { readonly is: 'corrupt'; readonly reason: string }

/**
 * The name of the file for a key: some of it for people, and a hash of all of it. Both parts are the same to systems that take no account
 * of case and to those that normalise names.
 */
export function fileName(key: string): string {
  const words = key
    .replace(/%[0-9A-F]{2}/gi, '-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '')
  // As JSON, since halves of characters would all be one and the same in UTF-8.
  const hash = builtin('node:crypto').createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32)
  return `${words || 'value'}-${hash}.json`
}

/** Whether a file can be one of a store. */
export function isFileName(name: string): boolean {
  return /^[a-z0-9-]{1,41}-[0-9a-f]{32}\.json$/.test(name)
}

/** Whether a store gives such names: to a file, or to what it puts beside it, such as a lock or what was set aside. */
export function isNameOfStore(name: string): boolean {
  return /^[a-z0-9-]{1,41}-[0-9a-f]{32}\.json(?:\.|$)/.test(name)
}

export function recordText(key: string, value: string): string {
  return JSON.stringify({ version, key, value })
}

/** @param name of the file, which must be the one that its key has */
export function parseRecord(text: string, name: string): FileRecord {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return { is: 'corrupt', reason: text === '' ? 'empty' : 'cut or not JSON' }
  }
  if (typeof parsed !== 'object' || parsed === null) return { is: 'corrupt', reason: 'not a file of this store' }
  const found: Record<string, unknown> = Object.assign(Object.create(null), parsed)
  const key = typeof found.key === 'string' && fileName(found.key) === name ? found.key : undefined
  if (Number.isInteger(found.version) && Number(found.version) > version) return { is: 'newer', key }
  if (found.version !== version || typeof found.value !== 'string') {
    return { is: 'corrupt', reason: 'not a file of this store' }
  }
  return key === undefined ? { is: 'corrupt', reason: 'of another key' } : { is: 'whole', key, value: found.value }
}
