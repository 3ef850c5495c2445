import { type Lock, memoryLock, PentauthError, type Service, type Store } from '@pentauth/core'
import type { Interaction } from './sign-in-interaction.ts'
import { plain } from './terminal.ts'

/** For stores that bring no lock: among the callers of this process. */
const locks = new WeakMap<Store, Lock>()

/** The lock that interactive sign-ins into a store share. */
export function interactionLock({ store, lock }: { readonly store: Store; readonly lock?: Lock | undefined }): Lock {
  if (lock ?? store.withLock) return (lock ?? store.withLock) as Lock
  const known = locks.get(store) ?? memoryLock()
  locks.set(store, known)
  return known
}

/** One's turn. */
interface Turn {
  readonly lock: Lock
  readonly name: string
  readonly signal: AbortSignal
}

/** How long (ms) it may take until one's turn before a person is told what is waited for. */
const notable = 1_000

/**
 * Does something when nobody else does the same: people are asked one thing at a time.
 *
 * @throws PentauthError `store_failed` where the lock fails before its turn; the signal's reason, if it is aborted before that; what has
 *   begun is for `run` to end.
 */
export async function alone(
  { service, terminal }: Pick<Interaction, 'service' | 'terminal'>,
  { lock, name, signal }: Turn,
  run: () => Promise<void>,
): Promise<void> {
  signal.throwIfAborted()
  let outcome: Promise<void> | undefined
  const timer = setTimeout(() => {
    terminal.say(
      `Waiting for the store: another program may be signing in to ${plain(service.name)} now. (Ctrl-C to stop)`,
    )
  }, notable)
  const turn = async () => {
    clearTimeout(timer)
    if (signal.aborted) return
    outcome ??= run()
    await outcome.catch(() => undefined)
  }
  let abort: () => void = () => undefined
  const givenUp = new Promise<never>((_, reject) => {
    abort = () => {
      if (!outcome) reject(signal.reason)
    }
    signal.addEventListener('abort', abort)
  })
  try {
    await Promise.race([Promise.resolve().then(() => lock(name, turn)), givenUp])
  } catch (error) {
    // A lock that is lost on the way does not undo what was done under it.
    if (!outcome) throw signal.aborted ? signal.reason : notLocked(service, error)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
  if (!outcome) throw notLocked(service)
  await outcome
}

function notLocked(service: Service, error?: unknown): PentauthError {
  if (PentauthError.isInstance(error)) return error
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  const what = `could not be locked${code === undefined ? '' : ` (${code})`}`
  return new PentauthError({
    code: 'store_failed',
    message: `The store of the ${service.name} sign-in ${what}.`,
    service: service.id,
    hint: 'Check the store (permissions, disk space, connection) and try again; nothing was signed out.',
    retryable: true,
  })
}
