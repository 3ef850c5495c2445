import { PentauthError } from './errors.ts'
import { withoutKeyLike } from './printable.ts'
import type { Resource, Service } from './service.ts'

/** A resource together with its name in the service. */
export interface NamedResource extends Resource {
  readonly name: string
  /** As in the definition, with lower-case names. */
  readonly headers: Readonly<Record<string, string>>
}

/** Finds the resource that covers a URL; the result of parsing a string is remembered, so a hot path parses nothing. */
export type ResourceLookup = (url: string | URL) => NamedResource

/**
 * Returns the resource that covers a URL: same origin, longest prefix, on a path boundary.
 *
 * @throws PentauthError `url_not_covered` when no resource covers the URL, `invalid_url` when it is not an absolute http(s) URL.
 * @example
 * ```ts
 * resourceFor(pendra, 'https://api.pendra.ai/v1/messages').name // 'messages'
 * ```
 */
export function resourceFor(service: Service, url: string | URL): NamedResource {
  return resourceLookup(service)(url)
}

const remembered = 200
const plainRest = /^(?:$|[/?][\w/?&=-]*$)/

/** Prepares `resourceFor` for many calls on one service. */
export function resourceLookup(service: Service): ResourceLookup {
  const prefixes = Object.entries<Resource>(service.resources)
    .map(([name, resource]) => {
      const { origin, pathname } = new URL(resource.url)
      const named = namedResource(name, resource)
      const path = pathname.endsWith('/') ? pathname.slice(0, -1) : pathname
      return { resource: named, origin, path, prefix: origin + path }
    })
    .sort((a, b) => b.path.length - a.path.length)

  const find = (url: URL): NamedResource => {
    if (!climbsOut(url.pathname)) {
      for (const { resource, origin, path } of prefixes) {
        if (url.origin === origin && (url.pathname === path || url.pathname.startsWith(`${path}/`))) return resource
      }
    }
    throw notCovered(service, url)
  }

  /** Without parsing: behind a prefix as it is written, letters and digits lead nowhere else. */
  const findPlain = (url: string): NamedResource | undefined =>
    prefixes.find(({ prefix }) => url.startsWith(prefix) && plainRest.test(url.slice(prefix.length)))?.resource

  const cache = new Map<string, NamedResource>()
  return (url) => {
    if (typeof url !== 'string') return find(checkUrl(service, url))
    const known = cache.get(url)
    if (known) return known
    const plain = findPlain(url)
    if (plain && cache.size >= remembered) return plain
    const resource = plain ?? find(parseUrl(service, url))
    // Callers with ids in their paths would grow the cache without end, so it starts over when full.
    if (cache.size >= remembered) cache.clear()
    cache.set(url, resource)
    return resource
  }
}

/** Each property its own, so that nothing that pollutes Object.prototype becomes one; all of one shape, which makes reading them fast. */
function namedResource(name: string, resource: Resource): NamedResource {
  const own: Resource = Object.assign(Object.create(null), resource)
  const { url, protocol, apiKey, accessToken, audience, operations, relocated } = own
  const headers = Object.entries(own.headers ?? {}).map(([header, value]) => [header.toLowerCase(), value])
  const facts = { name, url, protocol, apiKey, accessToken, audience, operations, relocated }
  return { ...facts, headers: Object.fromEntries(headers) } as NamedResource
}

function parseUrl(service: Service, text: string): URL {
  return checkUrl(service, parsed(text))
}

/** Takes an absolute http(s) URL without user information; what is wrong with another is said without repeating it. */
function checkUrl(service: Service, url: URL | undefined): URL {
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password) return url
  const what = !url
    ? 'is not an absolute URL'
    : url.username || url.password
      ? 'holds a user or password'
      : 'is not http(s)'
  const base = Object.values<Resource>(service.resources)[0]?.url
  throw new PentauthError({
    code: 'invalid_url',
    message: `The request URL ${what}.`,
    service: service.id,
    hint: `Give an absolute URL such as ${base}.`,
  })
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what some servers drop from a path
const blank = /[\u0000-\u0020\u007f]/g

// A server that decodes a path before routing, even more than once, or cuts it at ";", would read "/v1/..%2Fadmin" or "/v1/..;/admin"
// as "/admin", which the prefix check did not see.
function climbsOut(path: string): boolean {
  if (!/[%;]/.test(path)) return false
  let decoded = path
  for (let round = 0; /%[0-9a-f]{2}/i.test(decoded); round++) {
    if (round === 5) return true
    decoded = decoded.replace(/%([0-9a-f]{2})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
  }
  return decoded.split(/[/\\]/).some((segment) => /^\.{1,2}$/.test(segment.replace(/[;?#].*$/s, '').replace(blank, '')))
}

function notCovered(service: Service, url: URL): PentauthError {
  const covered = Object.entries<Resource>(service.resources).map(([name, { url }]) => `${name} ${url}`)
  const { relocatedBy } = service
  const wayOut = relocatedBy
    ? `${relocatedBy} moved it: build URLs from auth.service.resources, or unset it.`
    : 'Use relocate() for a deployment of your own.'
  return new PentauthError({
    code: 'url_not_covered',
    message: `No resource of ${service.name} covers ${withoutKeyLike(url.origin + url.pathname)}, so no credential is sent there.`,
    service: service.id,
    hint: `${service.name} covers ${covered.join(', ')}. ${wayOut}`,
  })
}

// Not by URL.canParse: once Node 22 has compiled its caller, it says no to every host with an é in it.
function parsed(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
