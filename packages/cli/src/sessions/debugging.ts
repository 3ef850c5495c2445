import type { Environment, EventListener } from '@pentauth/node'

/** A listener of our own takes the place of the one that `PENTAUTH_DEBUG=1` asks for; this is both. */
export function debugging(env: Environment, listener: EventListener): EventListener {
  return (event) => {
    const { type, service, ...facts } = event
    if (env.PENTAUTH_DEBUG === '1') process.stderr.write(`pentauth ${service} ${type} ${JSON.stringify(facts)}\n`)
    listener(event)
  }
}
