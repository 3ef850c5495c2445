import { reasonOf } from './connection-reason.ts'
import type { Flow } from './flow.ts'
import { type Held, isNews, isRenewalOf, seeOver, sessionIn } from './session-order.ts'
import { forget, keep, type Place } from './session-state.ts'
import { guarded, locked } from './store-failure.ts'
import type { StoredSession } from './stored-session.ts'

// How a session gets into its store, and what happens when the store fails.

/**
 * What the store holds.
 *
 * @throws PentauthError `store_failed`.
 */
export function readText({ store, key }: Place, { service }: Flow): Promise<string | undefined> {
  return guarded(service, store).get(key)
}

/**
 * Does something with a session that no other process does at the same time.
 *
 * @throws PentauthError `store_failed` when the lock fails.
 */
export function alone<T>({ lock, key }: Place, { service }: Flow, run: () => Promise<T>): Promise<T> {
  return locked(service, lock, key, run)
}

/**
 * Saves the session of a sign-in: it replaces what was saved before, and whatever was going on for that comes to nothing.
 *
 * A store that cannot be written does not undo a sign-in: the session goes on in memory, an event says so, and saving is tried again
 * with the next use. The session before is not revoked: many servers then end all that one person and client have, the new one, too.
 */
export async function saveSession(place: Place, flow: Flow, session: StoredSession): Promise<void> {
  const { state, store, key } = place
  const replace = () => {
    forget(place)
    keep(place, session)
    for (const signOut of state.leaving) signOut.replacedBy = session
  }
  const { newest } = state
  // Once for what is going on now, and once more for what began meanwhile and found the old session.
  replace()
  let before: Held | undefined
  const noteReplaced = () => {
    replace()
    for (const replaced of [newest, sessionIn(before?.text, session.account)])
      if (replaced && !isRenewalOf(session, replaced)) seeOver(state.seen, replaced)
  }
  const failed = (error: unknown) => {
    noteReplaced()
    notSaved(place, flow, session, before, error)
  }
  const save = async () => {
    before = { text: await readText(place, flow) }
    await store.set(key, JSON.stringify(session))
    noteReplaced()
    state.written = { at: flow.runtime.now(), before: before.text }
  }
  // Whoever has the lock next finds what became of it.
  await alone(place, flow, () => save().catch(failed)).catch(failed)
}

/** Keeps in memory what the store would not take. */
export function notSaved(
  place: Place,
  { emit }: Flow,
  session: StoredSession,
  before: Held | undefined,
  error: unknown,
): void {
  keep(place, session, { before })
  emit?.({ type: 'session_not_saved', account: place.account, reason: reasonOf(error) })
}

/** Tries once more, behind the back of whoever uses the session. */
export function saveAgain(place: Place, flow: Flow): void {
  const { state, store, key } = place
  const { unsaved } = state
  if (!unsaved || unsaved.saving) return
  const isCurrent = () => state.unsaved === unsaved
  unsaved.saving = alone(place, flow, async () => {
    const text = isCurrent() ? await readText(place, flow) : undefined
    const { newest } = state
    if (!newest || !isCurrent()) return
    // Somebody signed in, or out, where the store could be written: theirs is what counts.
    if (isNews(state.seen, text, unsaved.before, newest)) return forget(place)
    await store.set(key, JSON.stringify(newest))
    if (isCurrent()) keep(place, newest)
  })
    .catch(() => undefined)
    .finally(() => {
      unsaved.saving = undefined
    })
}
