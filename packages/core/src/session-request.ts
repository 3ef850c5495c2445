import { PentauthError, type PentauthErrorCode } from './errors.ts'
import type { Flow } from './flow.ts'
import { loadTold } from './load-told.ts'
import { type Place, proofKeyOf } from './session-state.ts'
import { shownAddress } from './shown-address.ts'
import type { StoredSession } from './stored-session.ts'
import type { Tokens } from './token-answer.ts'

/** What brings a token: the first use, the end of the one there is, or a service that refused it. */
export type Reason = 'first' | 'expiring' | 'refused'

/** What is asked for. */
export interface Wanted {
  readonly reason: Reason
  /** The value of the token that ends or was refused: any other one will do. */
  readonly instead: string | undefined
  /** Whether somebody waits for it by now. */
  awaited: boolean
}

/** A busy server (ms) is given a moment, where that is all it asks for, and callers wait. */
const moment = 500
const longestMoment = 1_000

/** Asks for tokens, and once more after a lost answer or a moment of trouble; in an outage that is known one request a pause is enough. */
export async function askAgain(place: Place, flow: Flow, stored: StoredSession, wanted: Wanted): Promise<Tokens> {
  const { state, name: source } = place
  const reason = wanted.reason === 'first' ? 'expiring' : wanted.reason
  const { emit, runtime } = flow
  const once = async () => {
    const told = emit && (await loadTold())
    told?.tellRequested(flow, stored.tokenEndpoint, { source, reason })
    const { refreshTokens } = await place.engine()
    return refreshTokens(flow, stored, proofKeyOf(place, stored))
  }
  try {
    return await once()
  } catch (error) {
    const wait = retryIn(error)
    if (wait === undefined || state.failure || (wait > 0 && !wanted.awaited)) throw error
    tellFailed(flow, stored, (error as PentauthError).code, wait)
    if (wait > 0) await runtime.sleep(wait)
    return await once()
  }
}

/** When to try again (ms), where that may help at once: an answer without a status is one that was lost. */
function retryIn(error: unknown): number | undefined {
  if (!PentauthError.isInstance(error) || !error.retryable) return undefined
  if (error.status === undefined) return 0
  const wait = Math.max(moment, (error.retryAfter || 0) * 1000)
  return wait <= longestMoment ? wait : undefined
}

export function tellFailed(
  { emit }: Flow,
  { tokenEndpoint }: StoredSession,
  code: PentauthErrorCode,
  wait: number,
): void {
  const address = shownAddress(new URL(tokenEndpoint))
  emit?.({ type: 'token_request_failed', tokenEndpoint: address, code, retryAfter: wait / 1000 })
}
