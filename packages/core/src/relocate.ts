import { PentauthError } from './errors.ts'
import { allowsPlainHttp, isSecure } from './secure-url.ts'
import type { Resource, Service } from './service.ts'
import { type ServiceSettings, settingsOf } from './service-settings.ts'
import { withSettings } from './with-settings.ts'

export interface RelocateOptions {
  /** Lets credentials travel unencrypted to hosts other than this machine. Only for a network you trust completely. */
  readonly dangerouslyAllowPlainHttp?: boolean | undefined
  /** The setting that asked for it, such as `PENSYVE_BASE_URL`: an event then says so. */
  readonly by?: string | undefined
}

/**
 * Returns the service at other origins: a self-hosted deployment, a gateway, the sandbox.
 *
 * Every URL of the definition at a named origin moves; paths stay. Origins that the service does not use are ignored, so one
 * table can serve several services, but a table that moves nothing is an error: it would leave credentials going to production.
 *
 * @param origins new origins by documented origin, such as `{ 'https://app.pentographer.com': 'https://pentest.example.com' }`
 * @throws PentauthError `invalid_option` when an entry is not an origin, is plain http beyond loopback, or none applies.
 * @example
 * ```ts
 * const local = relocate(pendium, { 'https://pendium.ai': 'http://127.0.0.1:4100' })
 * ```
 */
export function relocate<Names extends string>(
  service: Service<Names>,
  origins: Readonly<Record<string, string>>,
  options: RelocateOptions = {},
): Service<Names> {
  const moves = new Map(
    Object.entries(origins).map(([from, to]) => [originOf(from), targetOf(originOf(from), to, options)] as const),
  )
  const move = (value: unknown): unknown => {
    if (typeof value === 'string') {
      const url = /^https?:\/\//i.test(value) && URL.canParse(value) ? new URL(value) : undefined
      const target = url && moves.get(url.origin)
      if (!url || !target) return value
      // Only the origin is replaced, so that "https://host" does not become "https://host/".
      return value.replace(/^https?:\/\/[^/?#]+/i, () => target)
    }
    if (Array.isArray(value)) return value.map(move)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, move(part)]))
  }
  const moved = move(service) as Service<Names>
  const resources = marked(service.resources, moved.resources)
  const tokensMoved = moved.oauth?.tokenEndpoint !== service.oauth?.tokenEndpoint
  if (tokensMoved || Object.values<Resource>(resources).some(({ relocated }) => relocated)) {
    const relocated = {
      ...moved,
      resources,
      ...(moved.oauth ? { oauth: tokensMoved ? { ...moved.oauth, relocated: true } : moved.oauth } : {}),
      // The documentation stays where it is: a deployment of your own does not serve it.
      links: { ...moved.links, docs: service.links.docs },
      ...(options.by === undefined ? {} : { relocatedBy: options.by }),
      ...(allowsPlainHttp(options) ? { dangerouslyAllowPlainHttp: true } : {}),
    }
    return withSettings(relocated, movedSettings(settingsOf(service), moves))
  }
  throw new PentauthError({
    code: 'invalid_option',
    message: `relocate: none of the given origins belongs to ${service.name}.`,
    service: service.id,
    hint: `Its origins are ${[...originsOf(service)].join(', ')}.`,
  })
}

/** The settings, with the headers of a gateway at the place that its origin has moved to. */
function movedSettings(settings: ServiceSettings, moves: ReadonlyMap<string, string>): ServiceSettings {
  const { gatewayHeaders } = settings
  if (!gatewayHeaders) return settings
  const moved = Object.entries(gatewayHeaders).map(([origin, headers]) => [moves.get(origin) ?? origin, headers])
  return { ...settings, gatewayHeaders: Object.fromEntries(moved) }
}

/** The moved resources, marked one by one: where a service is left in production, its rules stay in force. */
function marked<Names extends string>(
  before: Readonly<Record<Names, Resource>>,
  after: Readonly<Record<Names, Resource>>,
): Record<Names, Resource> {
  const entries = Object.entries<Resource>(after).map(([name, resource]) => [
    name,
    resource.url === before[name as Names].url ? resource : { ...resource, relocated: true },
  ])
  return Object.fromEntries(entries)
}

function originsOf(service: Service): Set<string> {
  return new Set(Object.values(service.resources).map((resource) => new URL(resource.url).origin))
}

function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (
    url &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === '/' &&
    !url.search &&
    !url.hash &&
    !url.username &&
    !url.password
  )
    return url.origin
  throw new PentauthError({
    code: 'invalid_option',
    message: 'relocate: both sides of an entry must be origins.',
    hint: 'Write scheme, host and port only, such as https://app.pentographer.com or http://127.0.0.1:4100.',
  })
}

function targetOf(from: string, text: string, options: RelocateOptions): string {
  const origin = originOf(text)
  if (isSecure(new URL(origin)) || allowsPlainHttp(options)) return origin
  throw new PentauthError({
    code: 'invalid_option',
    message: `relocate: the new origin of ${from} is plain http beyond this machine, so credentials would travel readable by others.`,
    hint: 'Use https, or pass { dangerouslyAllowPlainHttp: true } if you accept that.',
  })
}
