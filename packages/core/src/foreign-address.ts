import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { isLoopback } from './loopback.ts'
import { ownOrigins } from './own-origins.ts'
import { allowsPlainHttp, isSecure } from './secure-url.ts'
import { shownAddress } from './shown-address.ts'

/**
 * An address as `checkAddress` takes it, wherever it leads.
 *
 * @throws PentauthError `unsafe_address`.
 */
export function checkForeign(flow: Flow, url: unknown, what: string): URL {
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
