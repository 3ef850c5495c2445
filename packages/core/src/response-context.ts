import type { Credential, Secret } from './credential.ts'
import type { NamedResource } from './resource-lookup.ts'
import type { Service } from './service.ts'
import { gatewaySecrets } from './service-settings.ts'

/** What `auth.fetch` knows about a response it returns; kept on the response, so that `errorFrom` needs no argument. */
export interface ResponseContext {
  readonly service: Service
  readonly resource: NamedResource
  /** The credential the request carried. */
  readonly credential: Credential
  /** When the response came, in milliseconds since the epoch. */
  readonly at: number
}

// A registered symbol, so that the ESM and CommonJS copies of this package read each other's responses.
const contextKey: unique symbol = Symbol.for('pentauth.response')

type WithContext = Response & { [contextKey]?: ResponseContext }

/** Marks a refused response with what is known about its request; invisible to loops, JSON and spreads. */
export function attachContext(response: Response, context: ResponseContext): void {
  // Not `Object.defineProperty`, which throws where somebody froze the response.
  Reflect.defineProperty(response, contextKey, { value: context, configurable: true })
}

/** What is known about the request of a refused response; `undefined` for a response of another fetch. */
export function contextOf(response: Response): ResponseContext | undefined {
  return (response as WithContext)[contextKey]
}

/** What the request carried that nobody may repeat. */
export function secretsOf({ credential, service }: ResponseContext): readonly Secret[] {
  return [credential.secret, ...gatewaySecrets(service)]
}
