import type { Secret } from './credential.ts'
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

/** What is made of the headers for gateways. */
export interface Gateways {
  /** The runtime with the headers on each request to their origin. */
  runtime(runtime: Runtime): Runtime
  /** What no message may repeat. */
  readonly secrets: readonly Secret[]
}

/** The settings as a definition has them. */
export interface KeptSettings extends ServiceSettings {
  readonly gateways?: Gateways | undefined
}

// A registered symbol, so that the ESM and CommonJS copies of this package read each other's services.
export const settingsKey: unique symbol = Symbol.for('pentauth.service.settings')

export function settingsOf(service: Service): KeptSettings {
  return (service as { [settingsKey]?: () => KeptSettings })[settingsKey]?.() ?? {}
}

/** The runtime of the platform with the parts that the caller replaced, and with the service's gateway headers. */
export function runtimeFor(service: Service, given: Partial<Runtime> | null | undefined): Runtime {
  const runtime = withDefaults(given)
  return settingsOf(service).gateways?.runtime(runtime) ?? runtime
}

/** What no message may repeat of the settings. */
export function gatewaySecrets(service: Service): readonly Secret[] {
  return settingsOf(service).gateways?.secrets ?? []
}
