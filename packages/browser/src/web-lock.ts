import type { Lock } from '@pentauth/core'
import type { Patience, Seat } from './seat.ts'

/** A lock among all tabs of a site, and what those of this page are known by. */
export interface WebLock {
  readonly withLock: Lock
  /** By name, what a write that is made under the lock must find in the seat: who lost the lock changes nothing any more. */
  readonly held: ReadonlyMap<string, string>
}

/** 40 s: more than a renewal or a sign-in takes with the limits of its requests. */
const usual: Patience = { every: 5_000, looks: 8 }

/**
 * A lock by the browser's Web Locks, which end with their tab; a holder that hangs loses it.
 *
 * Browsers before 2022 have none: there the seat alone is the lock, looked at again and again, and a tab that dies keeps it for 40 s.
 */
export function webLock(prefix: string, seat: Seat, patience: Patience = usual): WebLock {
  const held = new Map<string, string>()
  const withLock: Lock = (name, run) =>
    new Promise((resolve, reject) => {
      const { locks } = navigator
      const queued = new AbortController()
      const token = crypto.randomUUID()
      let isIn = false
      const enter = async () => {
        isIn = true
        clearTimeout(timer)
        await seat(name, () => token)
        held.set(name, token)
        const work = (async () => run())()
        resolve(work)
        await work.catch(() => undefined)
        if (held.get(name) === token) held.delete(name)
        await seat(name, (holder) => (holder === token ? undefined : holder))
      }
      const watch = async () => {
        const { takeSeat } = await import('./seat-lock.ts')
        if (!(await takeSeat(seat, name, token, patience, locks && (() => isIn)))) return
        queued.abort()
        await (locks ? locks.request(prefix + name, { steal: true }, enter) : enter())
      }
      const failed = (error: unknown) => {
        if (!queued.signal.aborted) reject(error)
      }
      // Where the browser has locks, one that cannot be watched is still waited for.
      const unwatched = locks ? () => undefined : reject
      const timer = setTimeout(() => watch().catch(unwatched), locks ? patience.every : 0)
      locks?.request(prefix + name, { signal: queued.signal }, enter).catch(failed)
    })
  return { withLock, held }
}
