import type { EventListener } from '@pentauth/core'
import { type Environment, variableIn } from './environment.ts'

/** Prints events to stderr when `PENTAUTH_DEBUG=1`; stdout may carry a protocol and is never touched. */
export function debugListener(env: Environment): EventListener | undefined {
  return variableIn(env, 'PENTAUTH_DEBUG') === '1' ? print : undefined
}

// One function, so that whoever is given it twice prints once.
const print: EventListener = ({ type, service, ...facts }) => {
  process.stderr.write(`pentauth ${service} ${type} ${JSON.stringify(facts)}\n`)
}
