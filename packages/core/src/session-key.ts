import type { Resource } from './service.ts'

/**
 * The name a session has in a store: by the audience of its tokens, so that resources of one audience share it.
 *
 * @example
 * ```ts
 * const isSaved = (await store.get(sessionKey(pensyve.resources.mcp, 'default', 'work'))) !== undefined
 * ```
 */
export function sessionKey(resource: Resource, app: string, account: string): string {
  const parts = [resource.audience ?? resource.url, app, account]
  return `session/${parts.map(encodeURIComponent).join('/')}`
}

/** What the names of all sessions of a program begin with; the account comes behind it. */
export function sessionPrefix(resource: Resource, app: string): string {
  return sessionKey(resource, app, '')
}
