import { createHash } from 'node:crypto'
import { stripVTControlCharacters } from 'node:util'

/** What a server said, as it may be shown anywhere: on one line, nothing that moves a cursor, turns a line round or is not seen. */
export function shown(text: unknown, limit = 200): string {
  // Cut first: what is looked at is never long.
  const start = stripVTControlCharacters(String(text).slice(0, 8 * limit))
  const clean = start
    .replace(/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean
}

/** A value of JSON, as `shown`. */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'missing'
  try {
    return shown(JSON.stringify(value))
  } catch {
    // What can be read can be too deep to be written.
    return 'nested too deeply'
  }
}

/** An address without what may be secret: its query, its fragment, and who it is opened as; with no slash that nobody wrote. */
export function shownUrl(url: string): string {
  if (!URL.canParse(url)) return shown(url.replace(/[?#].*$/s, '?…'))
  const { protocol, host, pathname, search } = new URL(url)
  const path = pathname === '/' && !/^\w+:\/\/[^/?#]+\//.test(url) ? '' : pathname
  return shown(`${protocol}//${host}${path}${search ? '?…' : ''}`)
}

/** How a secret is named. */
export function fingerprint(secret: string): string {
  return `sha256:${createHash('sha256').update(secret).digest('hex').slice(0, 8)}`
}
