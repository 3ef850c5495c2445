import { PentauthError, type PentauthErrorCode } from './errors.ts'
import type { Flow } from './flow.ts'
import { locked, readText, storeFailed } from './session-saving.ts'
import { forget, type Place } from './session-state.ts'
import { parseStored, type StoredSession } from './stored-session.ts'

/**
 * Ends a session at its owner's wish: gone for this process at once, then from the store, and last, as far as it can be done, from the
 * authorization server.
 *
 * @throws PentauthError `store_failed` when it could not be deleted.
 */
export async function endSession(place: Place, flow: Flow): Promise<void> {
  const { state, account } = place
  const unsaved = state.unsaved?.session
  forget(place)
  const { epoch } = state
  state.signOuts += 1
  try {
    const text = await taken(place, flow)
    // A renewal that was going on is over once the lock is ours, and what another process saved just now goes, too. A new sign-in stays.
    const resurrected = await locked(place, flow, async () => {
      const saved = epoch === state.epoch ? await readText(place, flow) : undefined
      if (saved !== undefined) await remove(place, flow)
      return saved
    }).catch(() => undefined)
    const last = state.late ?? sessionIn(resurrected) ?? unsaved ?? sessionIn(text)
    if (!last && text === undefined) return
    const revocation = await revoked(place, flow, last)
    flow.emit?.({ type: 'signed_out', account, ...revocation })
  } finally {
    state.signOuts -= 1
    if (state.signOuts === 0) state.late = undefined
  }
}

/** Takes the session out of the store; from the first moment on nobody here finds it. */
async function taken(place: Place, flow: Flow): Promise<string | undefined> {
  const { state } = place
  state.leaving += 1
  try {
    const text = await readText(place, flow)
    await remove(place, flow)
    return text
  } finally {
    state.leaving -= 1
  }
}

async function remove({ store, key }: Place, flow: Flow): Promise<void> {
  try {
    await store.delete(key)
  } catch (error) {
    throw storeFailed(flow, 'could not be written', error)
  }
}

function sessionIn(text: string | undefined): StoredSession | undefined {
  const found = parseStored(text)
  return found.is === 'session' ? found.session : undefined
}

interface Revocation {
  readonly revocation: 'done' | 'failed' | 'none'
  /** Why it failed. */
  readonly code?: PentauthErrorCode
}

/** The best effort: whoever signed out is signed out here, whatever the server says. */
async function revoked({ engine }: Place, flow: Flow, session: StoredSession | undefined): Promise<Revocation> {
  if (session?.revocationEndpoint === undefined) return { revocation: 'none' }
  try {
    const { revokeTokens } = await engine()
    await revokeTokens(flow, session)
    return { revocation: 'done' }
  } catch (error) {
    return { revocation: 'failed', ...(PentauthError.isInstance(error) ? { code: error.code } : {}) }
  }
}
