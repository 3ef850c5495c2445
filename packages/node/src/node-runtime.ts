import type { Runtime } from '@pentauth/core'
import { connectionHint } from './connection-hint.ts'

/** The caller's parts of the platform, and what Node knows of a connection that failed. */
export function nodeRuntime(given: Partial<Runtime> | undefined): Partial<Runtime> {
  // Property by property, since a runtime's getters stay unread until they are needed; what it brings of its own wins.
  const hints: Partial<Runtime> = { explainConnection: connectionHint }
  return Object.defineProperties(hints, Object.getOwnPropertyDescriptors(given ?? {}))
}
