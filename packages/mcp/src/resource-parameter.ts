import type { NamedResource, Service } from '@pentauth/core'
import { documentFailed } from './server-rules.ts'

/**
 * The `resource` of each OAuth request, whether or not there is metadata that names it.
 *
 * @param named by the metadata of the resource; that of another resource is refused
 * @throws PentauthError `discovery_failed`.
 * @see https://www.rfc-editor.org/rfc/rfc8707#section-2
 */
export function resourceParameter(service: Service, resource: NamedResource, named: string | undefined): URL {
  const { url, audience = url } = resource
  if (named === undefined) return verbatim(audience)
  const about = URL.canParse(named) ? new URL(named) : undefined
  if (about && [audience, url].some((own) => covers(about, new URL(own)))) return verbatim(named)
  const shown = about ? ` (${about.origin}${about.pathname})` : ''
  const what = 'protected resource metadata'
  throw documentFailed(service, { what, url: new URL(url) }, `is about another resource${shown}`)
}

/** Whether a resource is another, or a prefix of it on a path boundary. */
function covers(prefix: URL, { href, origin, pathname }: URL): boolean {
  if (prefix.href === href) return true
  if (prefix.origin !== origin || prefix.username || prefix.password || /[?#]/.test(prefix.href)) return false
  return pathname.startsWith(prefix.pathname.replace(/\/?$/, '/'))
}

/** The text as it was written: the SDKs send `href`, and a slash that the parser adds is another resource to some servers. */
function verbatim(text: string): URL {
  return Object.defineProperty(new URL(text), 'href', { value: text })
}
