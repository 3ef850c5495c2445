import { createSecret, type Secret } from './credential.ts'
import { frozenService, isChecked } from './frozen-service.ts'
import type { ClientOptions } from './registration.ts'
import { type Runtime, withDefaults } from './runtime.ts'
import type { Service } from './service.ts'

// What belongs to a service and is no data of its definition, since it may be secret: it is on the definition, and no copy, no JSON
// and no print of one has it.

/** What a program says about a service beside its definition. */
export interface ServiceSettings {
  /** The OAuth client of sign-ins that name none. */
  readonly client?: ClientOptions | undefined
  /** Headers for gateways on the way, such as those of a company's access proxy, by the origin that each of them stands before. */
  readonly gatewayHeaders?: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined
}

// A registered symbol, so that the ESM and CommonJS copies of this package read each other's services.
const settingsKey: unique symbol = Symbol.for('pentauth.service.settings')

/**
 * Returns the definition with settings that no print of it shows; sign-ins and requests then use them.
 *
 * @example
 * ```ts
 * const service = withSettings(pensyve, { client: { clientId: 'notes', issuer: 'https://mcp.pensyve.com' } })
 * ```
 */
export function withSettings<Names extends string>(service: Service<Names>, settings: ServiceSettings): Service<Names> {
  const copy = { ...service }
  const own = Object.freeze({ ...settings })
  // A function, since a debugger's print goes through every value.
  Object.defineProperty(copy, settingsKey, { value: () => own })
  return isChecked(service) ? frozenService(copy) : copy
}

export function settingsOf(service: Service): ServiceSettings {
  return (service as { [settingsKey]?: () => ServiceSettings })[settingsKey]?.() ?? {}
}

/** The runtime of the platform with the parts that the caller replaced, and with the service's gateway headers on each request to their origin. */
export function runtimeFor(service: Service, given: Partial<Runtime> | null | undefined): Runtime {
  const runtime = withDefaults(given)
  const { gatewayHeaders } = settingsOf(service)
  if (!gatewayHeaders) return runtime
  const descriptors = Object.getOwnPropertyDescriptors(runtime)
  const fetch = throughGateways(gatewayHeaders, runtime)
  return Object.defineProperties({} as Runtime, { ...descriptors, fetch: { value: fetch, enumerable: true } })
}

/** What no message may repeat of the settings. */
export function gatewaySecrets(service: Service): readonly Secret[] {
  const { gatewayHeaders = {} } = settingsOf(service)
  return Object.values(gatewayHeaders).flatMap((headers) => Object.values(headers).map(createSecret))
}

type GatewayHeaders = NonNullable<ServiceSettings['gatewayHeaders']>

/** One function for each pair, since what was learned through a fetch is known by it. */
const wrapped = /* @__PURE__ */ new WeakMap<GatewayHeaders, WeakMap<Runtime['fetch'], Runtime['fetch']>>()

function throughGateways(headersOf: GatewayHeaders, { fetch, redirects }: Runtime): Runtime['fetch'] {
  const made = wrapped.get(headersOf) ?? new WeakMap<Runtime['fetch'], Runtime['fetch']>()
  wrapped.set(headersOf, made)
  const known = made.get(fetch)
  if (known) return known
  const through: Runtime['fetch'] = (input, init = {}) => {
    const request = input instanceof Request ? input : undefined
    const { origin } = new URL(request?.url ?? String(input))
    if (!Object.hasOwn(headersOf, origin)) return fetch(input, init)
    const headers = new Headers(init.headers ?? request?.headers)
    for (const [name, value] of Object.entries(headersOf[origin] ?? {}))
      if (!headers.has(name)) headers.set(name, value)
    const own: RequestInit = Object.assign(Object.create(null), init, { headers })
    // A browser would carry them along to another origin, and does not show that it goes there.
    const mode = init.redirect ?? request?.redirect ?? 'follow'
    if (redirects === 'platform' && mode === 'follow') own.redirect = 'error'
    return fetch(input, own)
  }
  made.set(fetch, through)
  return through
}
