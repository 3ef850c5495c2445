import { builtin } from './builtin.ts'
import { codeOf, storeFailed } from './file-failure.ts'
import { livenessOf, processOf } from './process-mark.ts'
import { atHome } from './state-folder.ts'

/** Milliseconds. */
export interface LockTimes {
  /** From one sign of life of a holder to the next. */
  readonly beat: number
  /** How long a holder elsewhere may give no sign of life until it counts as dead. */
  readonly silence: number
  /** The same for a process of this machine, which may only be stopped. */
  readonly stalled: number
}

export const lockTimes: LockTimes = { beat: 250, silence: 3_000, stalled: 60_000 }

/** Between two looks. */
const shortest = 10
const longest = 50
/** What one look counts for at most: who was stopped itself has not seen how long somebody else was silent. */
const longestLook = 2 * longest

/**
 * Judges, look by look, whether the holder of a lock is there; each look that finds it alive takes a moment.
 *
 * On this machine its process tells; elsewhere the signs of life, in the time of this process alone: clocks of hosts need not agree.
 */
export function holderWatch(lock: string, times: LockTimes): (mark: string) => Promise<'dead' | 'waited'> {
  let seen: { readonly mark: string; readonly sign: string | undefined } | undefined
  let silence = 0
  let lastLook = 0
  return async (mark) => {
    const liveness = livenessOf(mark)
    if (liveness === 'dead') return 'dead'
    const sign = await signOfLife(builtin('node:path').join(lock, mark, 'owner'))
    const now = process.uptime() * 1_000
    silence = seen?.mark === mark && seen.sign === sign ? silence + Math.min(now - lastLook, longestLook) : 0
    seen = { mark, sign }
    lastLook = now
    if (silence >= (liveness === 'elsewhere' ? times.silence : times.stalled)) {
      if (liveness === 'alive') throw stalled(lock, mark, times)
      return 'dead'
    }
    // Not all who wait at the same moment.
    await new Promise((resolve) => setTimeout(resolve, builtin('node:crypto').randomInt(shortest, longest)))
    return 'waited'
  }
}

/** What cannot be opened, and so gives no sign of life. */
const noOwner = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EMLINK', 'ENXIO', 'EOPNOTSUPP', 'EISDIR'])

/** Opened and not only looked up: file systems of other hosts ask the server then, and not their memory. */
async function signOfLife(owner: string): Promise<string | undefined> {
  const { constants } = builtin('node:fs')
  const { open } = builtin('node:fs/promises')
  // Without waiting: opening a pipe that nobody writes to would not end.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  const file = await open(owner, flags).catch((error) => {
    if (!noOwner.has(codeOf(error) ?? '')) throw error
  })
  if (!file) return undefined
  try {
    const stats = await file.stat({ bigint: true })
    return stats.isFile() ? `${stats.mtimeNs} ${stats.ctimeNs}` : undefined
  } finally {
    await file.close()
  }
}

function stalled(lock: string, mark: string, times: LockTimes) {
  return storeFailed(
    `The lock ${atHome(lock)} is held by process ${processOf(mark)}, which has not moved for ${times.stalled / 1000} s.`,
    'Let that process go on if it is stopped, or end it: its lock is free at once then.',
    true,
  )
}
