import { checkAddress } from './address.ts'
import { maxBytes, timeoutMs } from './bounded.ts'
import { createSecret } from './credential.ts'
import type { Flow } from './flow.ts'
import { readCapped } from './read-capped.ts'
import type { ClientOptions } from './registration.ts'
import { type NamedResource, resourceFor } from './resource-for.ts'
import { attachContext } from './response-context.ts'
import type { Runtime } from './runtime.ts'
import type { Service } from './service.ts'
import { runtimeFor, settingsOf } from './service-settings.ts'

/** What an adapter needs of a service where other people's code does the OAuth, and it only watches over the requests. */
export interface Adapter {
  readonly resource: NamedResource
  /** The platform, with the service's gateway headers on each request to their origin. */
  readonly runtime: Runtime
  /** The OAuth client that the service names for sign-ins. */
  readonly client: ClientOptions | undefined
  /**
   * Rejects with `unsafe_address` for an address that a server told and no request may go to; `what` names it in the message.
   */
  checkAddress(url: string | URL, what: string): Promise<URL>
  /** Says on whose behalf an answer was asked for, so that `errorFrom` knows the service's own words. */
  attach(response: Response, token: string): void
  /** The text of an answer, at most 256 KiB of it and what comes within 10 s; says whether that was all there is room for. */
  read(response: Response): Promise<{ readonly text: string; readonly isTooLong: boolean }>
}

/**
 * The parts of core that an adapter to another OAuth client shares with `auth.fetch`.
 *
 * @param url of the resource that the tokens are for
 * @throws PentauthError `url_not_covered`, `invalid_url`.
 * @example
 * ```ts
 * const { runtime, checkAddress } = adapterFor(pensyve, pensyve.resources.mcp.url)
 * const { href } = await checkAddress('https://mcp.pensyve.com/oauth/token', 'token_endpoint')
 * const response = await runtime.fetch(href, { method: 'POST' })
 * ```
 */
export function adapterFor(service: Service, url: string | URL, runtime?: Partial<Runtime>): Adapter {
  const own = runtimeFor(service, runtime)
  const resource = resourceFor(service, url)
  const flow: Flow = { service, resource, runtime: own, emit: undefined }
  return {
    resource,
    runtime: own,
    client: settingsOf(service).client,
    checkAddress: (address, what) => checkAddress(flow, String(address), what),
    attach(response, token) {
      const credential = { kind: 'access-token', source: 'sign-in', secret: createSecret(token) } as const
      attachContext(response, { service, resource, credential, at: own.now() })
    },
    async read(response) {
      const text = await readCapped(response, maxBytes + 1, timeoutMs)
      return { text: text.slice(0, maxBytes), isTooLong: text.length > maxBytes }
    },
  }
}
