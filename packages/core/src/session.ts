import type { AccessToken, Credential } from './credential.ts'
import type { Absent } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { changed, load, renewal } from './session-renewal.ts'
import type { Reason, Wanted } from './session-request.ts'
import { saveAgain } from './session-saving.ts'
import { isPaused, type Place, type SessionState } from './session-state.ts'
import { noteRefusedAgain, noteTaken } from './token-refusals.ts'

// A session from the side of those who use it: who gets which token, and when it is renewed.

/** Part of a token's life, counted back from its end, in which it is renewed in the background; at most `longestMargin` (ms). */
const marginPart = 0.2
const longestMargin = 60_000

/** The token of the session; without a promise while it is fresh, which is the hot path, and without waiting while it is valid. */
export function tokenOf(place: Place, flow: Flow): AccessToken | Absent | Promise<AccessToken | Absent> {
  const { state } = place
  const { current } = state
  if (!current) return bring(place, flow, 'first')
  if (state.unsaved) saveAgain(place, flow)
  const { token, renewable } = current
  if (token.expiresAt === undefined) return token
  const now = flow.runtime.now()
  const left = token.expiresAt - now
  const life = token.expiresAt - current.obtainedAt
  if (left > Math.min(longestMargin, life * marginPart)) return token
  // While it is valid nobody waits: one that ends on the way is refused, and that is renewed then.
  if (left <= 0) return bring(place, flow, 'expiring', token)
  // A failure is told by an event, and met again when the token has really ended.
  if (renewable && !state.work && !isPaused(state, now)) {
    bring(place, flow, 'expiring', token, false).catch(() => undefined)
  }
  return token
}

/** Told for each answer of a service that took a token. */
export function tokenTaken({ state }: Place, { resource }: Flow, sent: number): void {
  if (state.refusals.size > 0 && isAboutCurrent(state, sent)) noteTaken(state.refusals, resource.name)
}

/** Told when the new token did not help the call that was refused before. */
export function tokenRefusedAgain({ state }: Place, { resource }: Flow, sent: number): void {
  if (isAboutCurrent(state, sent)) noteRefusedAgain(state.refusals, resource.name)
}

/** Whether what was sent then says something about the current token. */
function isAboutCurrent({ current }: SessionState, sent: number): boolean {
  return current !== undefined && sent >= current.serial
}

/** Brings a token from the store or the authorization server: one piece of work for all who need it now. */
export function bring(
  place: Place,
  flow: Flow,
  reason: Reason,
  instead?: Credential,
  awaited = true,
): Promise<AccessToken | Absent> {
  const { state } = place
  if (state.work) {
    state.work.wanted.awaited ||= awaited
    return state.work.outcome
  }
  const wanted: Wanted = { reason, instead: instead?.secret.reveal(), awaited }
  // Started behind a turn: a listener that asks for the token again must find this work.
  const outcome = Promise.resolve()
    .then(() => untilSettled(place, flow, wanted))
    .finally(() => {
      if (state.work?.outcome === outcome) state.work = undefined
    })
  state.work = { outcome, wanted }
  return outcome
}

/** A sign-in makes up to three of them. */
const mostRounds = 30

/** Begins again when the session was replaced or signed out meanwhile: what was found is then of no use to anybody. */
async function untilSettled(place: Place, flow: Flow, wanted: Wanted): Promise<AccessToken | Absent> {
  const { state } = place
  for (let round = 0; round < mostRounds; round++) {
    const { epoch } = state
    // The lock is only for a renewal; whoever comes for one looks again once it is theirs.
    const looks = wanted.reason === 'first' || round > 0
    let found = looks ? await load(place, flow, wanted) : changed
    if (found === changed && epoch === state.epoch) found = await renewal(place, flow, wanted)
    if (found !== changed && epoch === state.epoch) return found
  }
  const { service } = flow
  throw new PentauthError({
    code: 'temporarily_unavailable',
    message: `${service.name}: the sign-in of account "${place.account}" was replaced again and again while a token was wanted.`,
    service: service.id,
    hint: 'Try again when nobody signs in and out any more.',
    retryable: true,
  })
}
