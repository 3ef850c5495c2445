import { stripVTControlCharacters } from 'node:util'
import type { Resource, SavedSession, Service } from '@pentauth/core'

/** Text of others as it may be printed: nothing in it moves a cursor. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/[^\P{C}\n]/gu, ' ')
}

/** One line of JSON, of which a terminal shows every character and obeys none. */
export function asJson(value: unknown): string {
  const escaped = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
  return `${JSON.stringify(value).replace(/[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, escaped)}\n`
}

/** What somebody typed, as it may be repeated: a key that went into the wrong place is cut. */
export function typed(text: string): string {
  return plain(text).replace(/[\w-]{20,}/g, (word) => (/\d/.test(word) ? `${word.slice(0, 8)}…` : word))
}

/** An address without its query, which may hold a key. */
export function shownAddress(address: string): string {
  const [start, query] = address.split('?', 2)
  return plain(query === undefined ? address : `${start}?…`)
}

/** A service as people know it: an MCP server without a name of its own by its address. */
export function titleOf({ id, name, resources }: Service): string {
  const { mcp }: Readonly<Record<string, Resource>> = resources
  const address = id.startsWith('mcp-') ? (mcp?.audience ?? mcp?.url) : undefined
  return address && new URL(address).host === name ? shownAddress(address) : plain(name)
}

/** A moment in the time of this machine: `2026-10-01 14:05`. */
function moment(at: number): string {
  return new Date(at).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'short' })
}

/** Until when a sign-in serves, in words. */
export function lifeOf({ status, expiresAt, isRenewable }: SavedSession): string {
  if (status === 'ended') return 'has ended: the authorization server refused to renew it'
  if (status === 'unreadable') return 'cannot be read'
  const until = expiresAt === undefined ? 'no end is known' : `until ${moment(expiresAt)}`
  if (isRenewable) return `${until}, renews by itself`
  return expiresAt !== undefined && expiresAt <= Date.now() ? `has ended ${moment(expiresAt)}` : until
}

/** An account as people say it: nothing for the one that has no name of its own. */
export function as(account: string): string {
  return account === 'default' ? '' : ` as ${plain(account)}`
}
