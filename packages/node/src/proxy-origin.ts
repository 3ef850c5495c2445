import { notUsable } from './proxy-rules.ts'

// A page of another site can make a browser send a request with this site's cookies. Browsers say where a request comes from.

/** Pages of other sites that may use the proxy. */
export interface Origins {
  /** Whether a request comes from a page of this site, of one of those sites, or from no page at all. */
  isWelcome(request: Request): boolean
  /** What a browser needs to hand the answer to a page of one of those sites. */
  headersFor(request: Request): Readonly<Record<string, string>>
}

/** @throws PentauthError `invalid_option` for what is no list of origins. */
export function originsOf(given: unknown): Origins {
  const all = given === undefined ? [] : given
  if (!Array.isArray(all) || !all.every(isOrigin))
    throw notUsable(
      'takes a list of origins in "origins"',
      'Such as origins: ["https://app.example.com"], without a path.',
    )
  const listed = new Set(all)
  const isListed = (request: Request) => listed.has(request.headers.get('origin') ?? '')
  return {
    isWelcome(request) {
      const { headers, url } = request
      if (isListed(request)) return true
      const site = headers.get('sec-fetch-site')
      // Typed into the address bar, or from a page of exactly this origin.
      if (site !== null) return site === 'same-origin' || site === 'none'
      const origin = headers.get('origin')
      return origin === null || isSameSite(origin, new URL(url))
    },
    headersFor(request) {
      const origin = request.headers.get('origin')
      if (listed.size === 0) return {}
      if (origin === null || !isListed(request)) return { vary: 'Origin' }
      return {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'retry-after',
        vary: 'Origin',
      }
    },
  }
}

/** Behind a server that ends TLS, a page that came by https asks for what seems to be plain http; never the other way round. */
function isSameSite(origin: string, { protocol, host }: URL): boolean {
  if (!URL.canParse(origin)) return false
  const page = new URL(origin)
  const isWeb = page.protocol === 'https:' || (page.protocol === 'http:' && protocol === 'http:')
  return isWeb && page.host === host
}

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value
}
