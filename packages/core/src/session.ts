import type { AccessToken, Credential } from './credential.ts'
import { type Absent, isAbsent } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { changed, load, type Reason, renewal } from './session-renewal.ts'
import { saveAgain, storeFailed } from './session-saving.ts'
import { isInVain, isPaused, type Place } from './session-state.ts'
import { unusableFor } from './session-verdict.ts'

// A session from the side of those who use it: who gets which token, and when it is renewed.

/** Part of a token's life, counted back from its end, in which it is renewed in the background; at most `longestMargin` (ms). */
const marginPart = 0.2
const longestMargin = 60_000

/** The token of the session; without a promise while it is fresh, which is the hot path, and without waiting while it is valid. */
export function tokenOf(place: Place, flow: Flow): AccessToken | Absent | Promise<AccessToken | Absent> {
  const { state } = place
  const { token } = state
  if (!token) return bring(place, flow, 'first')
  if (state.unsaved) saveAgain(place, flow)
  if (token.expiresAt === undefined) return token
  const now = flow.runtime.now()
  const left = token.expiresAt - now
  const life = token.expiresAt - state.obtainedAt
  if (left > Math.min(longestMargin, life * marginPart)) return token
  const isUsable = left > (state.renewable ? unusableFor(life) : 0)
  if (!isUsable) return bring(place, flow, 'expiring', token).catch((error) => stillValid(place, flow, error))
  // A failure is told by an event, and met again when the token has really ended.
  if (state.renewable && !state.pending && !isPaused(state, now)) {
    bring(place, flow, 'expiring', token, false).catch(() => undefined)
  }
  return token
}

/** A failed renewal ends nothing: the token serves until its last moment, unless the session itself has ended. */
function stillValid({ state }: Place, { runtime }: Flow, error: unknown): AccessToken {
  const { token } = state
  const ended = PentauthError.isInstance(error) && error.code === 'sign_in_required'
  if (ended || !token || (token.expiresAt ?? 0) <= runtime.now()) throw error
  return token
}

/**
 * Another token after a refusal, or `undefined` when renewing does not help.
 *
 * Only the current token is renewed: a refusal says which one it is about, and an early one says nothing about a later token.
 */
export async function tokenAfter(
  place: Place,
  flow: Flow,
  refused: Credential,
  sent: number,
): Promise<AccessToken | undefined> {
  const { state } = place
  const isOther = (token: AccessToken) => token.secret.reveal() !== refused.secret.reveal() || sent < state.serial
  for (let round = 0; round < 3; round++) {
    const { token } = state
    const now = flow.runtime.now()
    if (token && isOther(token) && (token.expiresAt === undefined || token.expiresAt > now)) return token
    // A service that refuses fresh tokens, too, must not have one made for each call.
    if (isInVain(state, flow.resource.name, now)) return undefined
    const found = await bring(place, flow, 'refused', refused)
    if (isAbsent(found)) return undefined
    // It may have been on its way before the refusal.
    if (isOther(found)) return found
  }
  return undefined
}

/** Told for each answer of a service that took the token. */
export function tokenTaken({ state }: Place, { resource }: Flow): void {
  if (state.refusals.size > 0) state.refusals.delete(resource.name)
}

/** Brings a token from the store or the authorization server: one piece of work for all who need it now. */
function bring(
  place: Place,
  flow: Flow,
  reason: Reason,
  instead?: Credential,
  awaited = true,
): Promise<AccessToken | Absent> {
  const { state } = place
  state.awaited = awaited || (state.awaited && state.pending !== undefined)
  if (state.pending) return state.pending
  // Started behind a turn: a listener that asks for the token again must find this work.
  const work = Promise.resolve()
    .then(() => untilSettled(place, flow, reason, instead?.secret.reveal()))
    .finally(() => {
      if (state.pending === work) state.pending = undefined
    })
  state.pending = work
  return work
}

/** Begins again when the session was replaced or signed out meanwhile: what was found is then of no use to anybody. */
async function untilSettled(
  place: Place,
  flow: Flow,
  reason: Reason,
  instead: string | undefined,
): Promise<AccessToken | Absent> {
  const { state } = place
  for (let round = 0; round < 5; round++) {
    const { epoch } = state
    // The lock is only for a renewal; whoever comes for one looks again once it is theirs.
    const looks = reason === 'first' || round > 0
    let found = looks ? await load(place, flow, { reason, instead }) : changed
    if (found === changed && epoch === state.epoch) {
      found = await renewal(place, flow, { reason: reason === 'first' ? 'expiring' : reason, instead })
    }
    if (found !== changed && epoch === state.epoch) return found
  }
  throw storeFailed(flow, 'changes all the time')
}
