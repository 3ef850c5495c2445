import type { Runtime } from '@pentauth/core'

/** The caller's parts of the platform, and what browsers let us know of a connection that failed. */
export function browserRuntime(given: Partial<Runtime> | undefined): Partial<Runtime> {
  // Property by property, since a runtime's getters stay unread until they are needed; what it brings of its own wins.
  const hints: Partial<Runtime> = {
    explainConnection: async (error, url) =>
      (await import('./cors-diagnosis.ts')).connectionHint(error, url, given?.fetch),
  }
  return Object.defineProperties(hints, Object.getOwnPropertyDescriptors(given ?? {}))
}
