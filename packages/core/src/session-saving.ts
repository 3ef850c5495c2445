import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { inBrackets, reasonOf } from './http.ts'
import { forget, keepUnsaved, type Place } from './session-state.ts'
import type { StoredSession } from './stored-session.ts'

// How a session gets into its store, and what happens when the store fails.

/**
 * What the store holds.
 *
 * @throws PentauthError `store_failed`.
 */
export async function readText({ store, key }: Place, flow: Flow): Promise<string | undefined> {
  try {
    return (await store.get(key)) ?? undefined
  } catch (error) {
    throw storeFailed(flow, 'could not be read', error)
  }
}

/**
 * Does something that no other process does at the same time.
 *
 * @throws PentauthError `store_failed` when the lock fails; one that only fails to let go has done its work.
 */
export async function locked<T>({ lock, key }: Place, flow: Flow, run: () => Promise<T>): Promise<T> {
  let outcome: { readonly value: T } | { readonly error: unknown } | undefined
  const noted = async () => {
    outcome = await run().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    )
  }
  let failure: unknown
  await Promise.resolve()
    .then(() => lock(key, noted))
    .catch((error: unknown) => {
      failure = error
    })
  // Written in the callback, which the compiler does not see.
  const done = outcome as { readonly value: T } | { readonly error: unknown } | undefined
  if (!done) throw storeFailed(flow, 'could not be locked', failure)
  if ('error' in done) throw done.error
  return done.value
}

/** The failure of a store or its lock; the platform's own error stays out, since it may repeat what was to be written. */
export function storeFailed({ service }: Flow, what: string, error?: unknown): PentauthError {
  if (PentauthError.isInstance(error)) return error
  return new PentauthError({
    code: 'store_failed',
    message: `The store of the ${service.name} sign-in ${what}${inBrackets(reasonOf(error))}.`,
    service: service.id,
    hint: 'Check the store (permissions, disk space, connection) and try again; nothing was signed out.',
    retryable: true,
  })
}

/**
 * Saves the session of a sign-in: it replaces what was saved before, and whatever was going on for that comes to nothing.
 *
 * A store that cannot be written does not undo a sign-in: the session goes on in memory, an event says so, and saving is tried again
 * with the next use.
 */
export async function saveSession(place: Place, flow: Flow, session: StoredSession): Promise<void> {
  // Once for what is going on now, and once more for what began meanwhile and found the old session.
  forget(place)
  let base: string | undefined = 'unknown'
  try {
    await locked(place, flow, async () => {
      base = await readText(place, flow)
      await place.store.set(place.key, JSON.stringify(session))
      forget(place)
    })
  } catch (error) {
    forget(place)
    notSaved(place, flow, { session, base }, error)
  }
}

/** Keeps in memory what the store would not take. */
export function notSaved(
  place: Place,
  { emit }: Flow,
  unsaved: { readonly session: StoredSession; readonly base: string | undefined },
  error: unknown,
): void {
  keepUnsaved(place, unsaved)
  emit?.({ type: 'session_not_saved', account: place.account, reason: reasonOf(error) })
}

/** Tries once more, behind the back of whoever uses the session. */
export function saveAgain(place: Place, flow: Flow): void {
  const { state, store, key } = place
  state.saving ??= locked(place, flow, async () => {
    const { unsaved, epoch } = state
    if (!unsaved) return
    const text = await store.get(key)
    if (epoch !== state.epoch) return
    // Somebody signed in, or out, where the store could be written: theirs is what counts.
    if (unsaved.base !== 'unknown' && (text ?? undefined) !== unsaved.base) return forget(place)
    await store.set(key, JSON.stringify(unsaved.session))
    if (state.unsaved === unsaved) keepUnsaved(place, undefined)
  })
    .catch(() => undefined)
    .finally(() => {
      state.saving = undefined
    })
}
