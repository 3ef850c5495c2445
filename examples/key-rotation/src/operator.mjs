// The operator: rotates the key at the service, puts the new one where the agent reads it, and later the old one ends.
import { renameSync, writeFileSync } from 'node:fs'

/**
 * @param {import('@pentauth/sandbox').Sandbox} sandbox
 * @param {string} keyPath
 */
export function operator(sandbox, keyPath) {
  let current = sandbox.keys.create('pensyve', { name: 'agent' })
  const deliver = () => {
    // Written beside and renamed, so that no reader ever meets half a key.
    writeFileSync(`${keyPath}.new`, `${current.key}\n`, { mode: 0o600 })
    renameSync(`${keyPath}.new`, keyPath)
  }
  deliver()
  return {
    rotate() {
      current = sandbox.keys.rotate('pensyve', current.id)
      deliver()
    },
    /** Lets Pensyve's 24 hours pass, in which both keys work. */
    endGrace: () => sandbox.clock.advance(24 * 60 * 60 * 1000),
  }
}
