import type { Service } from '@pentauth/core'
import { createAuth } from '@pentauth/node'
import type { Host } from '../host.ts'
import { serviceFor } from '../service-choice.ts'
import type { ServiceOptions } from '../service-options.ts'

/**
 * The service that an argument names, where the environment says it is.
 *
 * @throws PentauthError those of `serviceFor`, `invalid_option` for an address that is none.
 */
export async function movedService(name: string, options: ServiceOptions, host: Host): Promise<Service> {
  return createAuth(await serviceFor(name, options, host), { env: host.env }).service
}
