import type { Runtime } from '@pentauth/core'

/** The caller's parts of the platform, and what browsers let us know of a connection that failed. */
export function browserRuntime(given: Partial<Runtime> | undefined): Partial<Runtime> {
  return Object.defineProperties({}, Object.getOwnPropertyDescriptors(given ?? {}))
}
