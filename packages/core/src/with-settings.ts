import { createSecret } from './credential.ts'
import { frozenService, isChecked } from './frozen-service.ts'
import type { Runtime } from './runtime.ts'
import type { Service } from './service.ts'
import { type Gateways, type KeptSettings, type ServiceSettings, settingsKey } from './service-settings.ts'

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
  const { client, gatewayHeaders } = settings
  const own: KeptSettings = Object.freeze({
    client,
    gatewayHeaders,
    gateways: gatewayHeaders && gatewaysOf(gatewayHeaders),
  })
  // A function, since a debugger's print goes through every value.
  Object.defineProperty(copy, settingsKey, { value: () => own })
  return isChecked(service) ? frozenService(copy) : copy
}

type GatewayHeaders = NonNullable<ServiceSettings['gatewayHeaders']>

function gatewaysOf(headersOf: GatewayHeaders): Gateways {
  // One function for each, since what was learned through a fetch is known by it.
  const made = new WeakMap<Runtime['fetch'], Runtime['fetch']>()
  return {
    secrets: Object.values(headersOf).flatMap((headers) => Object.values(headers).map(createSecret)),
    runtime(runtime) {
      const through = made.get(runtime.fetch) ?? throughGateways(headersOf, runtime)
      made.set(runtime.fetch, through)
      const descriptors = Object.getOwnPropertyDescriptors(runtime)
      return Object.defineProperties({} as Runtime, { ...descriptors, fetch: { value: through, enumerable: true } })
    },
  }
}

function throughGateways(headersOf: GatewayHeaders, { fetch, redirects }: Runtime): Runtime['fetch'] {
  return (input, init = {}) => {
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
}
