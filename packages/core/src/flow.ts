import type { Emit } from './events.ts'
import type { NamedResource } from './resource-lookup.ts'
import type { Runtime } from './runtime.ts'
import type { Service } from './service.ts'

/** What the steps of one OAuth flow share. */
export interface Flow {
  readonly service: Service
  /** The resource the tokens are for. */
  readonly resource: NamedResource
  readonly runtime: Runtime
  readonly emit: Emit
}
