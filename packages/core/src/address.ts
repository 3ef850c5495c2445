import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { isLoopback } from './loopback.ts'
import { printable, withoutKeyLike } from './printable.ts'
import { allowsPlainHttp, isSecure } from './secure-url.ts'
import type { Resource, Service } from './service.ts'

/**
 * Returns an address that a server told us, parsed, if requests may go there: https, or plain http on this machine, and no private network.
 *
 * This machine counts only where the flow's own resource is on it. The addresses of the service's definition, also as `relocate` left
 * them, are the program's own choice and as private as it likes. Only what the address itself says is looked at: core resolves no names,
 * so that a public name which leads to a private address is for the platform's `fetch` to refuse.
 *
 * @param what names the address in the message, such as `token_endpoint`
 * @throws PentauthError `unsafe_address`, which repeats neither query nor user information.
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-7.7
 */
export function checkAddress(flow: Flow, url: unknown, what: string): URL {
  // What the parser takes out of an address would still be in the text, and in logs.
  const isText = typeof url === 'string' && !new RegExp(unseen, 'u').test(url)
  const address = isText && URL.canParse(url) ? new URL(url) : undefined
  const flaw = address ? flawOf(flow, address) : 'is not an absolute URL'
  if (address && !flaw) return address
  const { service } = flow
  throw new PentauthError({
    code: 'unsafe_address',
    message: `${service.name}: the address learned as ${what}${shown(address)} ${flaw}, so nothing is sent there.`,
    service: service.id,
    hint: 'If it is a deployment of your own, name its addresses in the definition: relocate() or defineService().',
    link: service.links.docs.url,
  })
}

// As text: for a literal the engine would read Unicode's tables when this module is loaded.
const unseen = '[\\s\\p{Cc}\\p{Cf}]'

/** An address as messages show it. */
export function shownAddress(url: URL): string {
  return withoutKeyLike(printable(url.origin + url.pathname, 200))
}

function shown(address: URL | undefined): string {
  return address && /^https?:$/.test(address.protocol) ? `, ${shownAddress(address)},` : ''
}

function flawOf({ service, resource }: Flow, url: URL): string | undefined {
  if (!/^https?:$/.test(url.protocol)) return 'is not http(s)'
  if (url.username || url.password) return 'holds a user or password'
  // The URL's own text: an empty fragment is one too.
  if (url.href.includes('#')) return 'has a fragment'
  if (ownOrigins(service).has(url.origin)) {
    return isSecure(url) || allowsPlainHttp(service) ? undefined : 'is plain http'
  }
  // A name may end with a dot; the parser has already read every spelling of a number.
  if (isLoopback(url.hostname.replace(/\.$/, '')))
    return isLoopback(new URL(resource.url).hostname) ? undefined : 'is on this machine'
  if (isPrivate(url.hostname)) return 'is in a private network'
  return url.protocol === 'https:' ? undefined : 'is plain http'
}

/** The origins that the definition itself names. */
function ownOrigins({ resources, oauth }: Service): Set<string> {
  const endpoints = Object.entries<unknown>({ ...oauth }).filter(([name]) =>
    /^issuer$|(?:Metadata|Endpoint)$/.test(name),
  )
  const urls = [
    ...Object.values<Resource>(resources).flatMap(({ url, audience = url }) => [url, audience]),
    ...endpoints.map(([, url]) => String(url)),
  ]
  return new Set(urls.filter((url) => URL.canParse(url)).map((url) => new URL(url).origin))
}

/** Whether a host is an address that no public network routes (IANA's special-purpose registries). */
function isPrivate(host: string): boolean {
  if (host.startsWith('[')) return !isPublicV6(host.slice(1, -1))
  const [a = 0, b = 0, c = 0, d] = /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host) ? host.split('.').map(Number) : []
  if (d === undefined) return false
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    a >= 224 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && (b === 168 || (b === 0 && (c === 0 || c === 2)) || (b === 88 && c === 99))) ||
    (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) ||
    (a === 203 && b === 0 && c === 113)
  )
}

/** Global unicast is 2000::/3, without what is inside it for special purposes: Teredo and 6to4 carry a v4 address, 2001:db8 is for documents. */
function isPublicV6(host: string): boolean {
  const [first = 0, second = 0] = host.split(':', 2).map((group) => Number.parseInt(group || '0', 16))
  if (first < 0x2000 || first > 0x3fff) return false
  return first !== 0x2002 && !(first === 0x2001 && (second < 0x200 || second === 0xdb8))
}
