import { parsedUrl } from './parsed-url.ts'
import { part } from './part.ts'
import type { Resource, Service } from './service.ts'

/** A resource together with its name in the service. */
export interface NamedResource extends Resource {
  readonly name: string
  /** As in the definition, with lower-case names. */
  readonly headers: Readonly<Record<string, string>>
}

/** Finds the resource that covers a URL, if one does; the result of parsing a string is remembered, so a hot path parses nothing. */
export type ResourceLookup = (url: string | URL) => NamedResource | undefined

/** Says, to those who can wait for it, why no resource covers a URL. */
export async function refuseUrl(service: Service, url: string | URL): Promise<never> {
  throw (await part(import('./uncovered.ts'))).uncovered(service, url)
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

  const find = (url: URL | undefined): NamedResource | undefined =>
    !url || url.username || url.password || climbsOut(url.pathname)
      ? undefined
      : prefixes.find(
          ({ origin, path }) => url.origin === origin && (url.pathname === path || url.pathname.startsWith(`${path}/`)),
        )?.resource

  /** Without parsing: behind a prefix as it is written, letters and digits lead nowhere else. */
  const findPlain = (url: string): NamedResource | undefined =>
    prefixes.find(({ prefix }) => url.startsWith(prefix) && plainRest.test(url.slice(prefix.length)))?.resource

  const cache = new Map<string, NamedResource>()
  return (url) => {
    if (typeof url !== 'string') return find(url)
    const known = cache.get(url)
    if (known) return known
    const plain = findPlain(url)
    if (plain && cache.size >= remembered) return plain
    const resource = plain ?? find(parsedUrl(url))
    if (!resource) return undefined
    // Callers with ids in their paths would grow the cache without end, so it starts over when full.
    if (cache.size >= remembered) cache.clear()
    cache.set(url, resource)
    return resource
  }
}

/** Each property its own, so that nothing that pollutes Object.prototype becomes one; all of one shape, which makes reading them fast. */
export function namedResource(name: string, resource: Resource): NamedResource {
  const own: Resource = Object.assign(Object.create(null), resource)
  const { url, protocol, apiKey, accessToken, audience, operations, relocated } = own
  const headers = Object.entries(own.headers ?? {}).map(([header, value]) => [header.toLowerCase(), value])
  const facts = { name, url, protocol, apiKey, accessToken, audience, operations, relocated }
  return { ...facts, headers: Object.fromEntries(headers) } as NamedResource
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
