import type { Absent } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { printable } from './printable.ts'
import { type Held, isNews } from './session-order.ts'
import { readText } from './session-saving.ts'
import { drop, type Place } from './session-state.ts'
import type { NoSession } from './session-verdict.ts'
import { guarded } from './store-failure.ts'
import { type EndedSession, endedText, type StoredSession } from './stored-session.ts'

/** The session that is renewed, and what the store held then. */
export interface Renewed {
  readonly before: Held | undefined
  readonly stored: StoredSession
}

/** Nobody is signed in: a chain goes on to its next source; `error` is for who has no other. */
export interface SignedOut extends Absent {
  readonly error: PentauthError
}

/**
 * What who asks for a token is told where there is no session.
 *
 * @throws PentauthError `sign_in_required` when it has ended.
 */
export function withoutSession(place: Place, flow: Flow, found: NoSession): SignedOut {
  if (found.is === 'over') throw signInRequired(place, flow, found.code)
  return signedOut(place, flow, found.what)
}

/** Tells, once, of a session that nobody can renew. */
export function cannotRenew(place: Place, flow: Flow, isRefused: boolean, text: string | undefined): PentauthError {
  const { state, account } = place
  if (!isRefused && state.useless !== text) {
    state.useless = text
    flow.emit?.({ type: 'session_ended', account, code: 'sign_in_required' })
  }
  return signInRequired(place, flow, undefined)
}

/**
 * Ends a session that its server refused for good, if it is still the one that was refused.
 *
 * @param epoch when it was refused
 * @returns where it is another one by now
 * @throws PentauthError `sign_in_required`.
 */
export async function endRefused(
  place: Place,
  flow: Flow,
  { before, stored }: Renewed,
  error: PentauthError,
  epoch: number,
): Promise<void> {
  const { state, store, key, account, engine } = place
  const { code } = error
  // Whoever renewed it meanwhile, or signed in anew, has what was not refused.
  const text = await readText(place, flow).catch(() => before?.text)
  if (epoch !== state.epoch || isNews(state.seen, text, before, stored)) return
  drop(place)
  state.useless = text
  if (code === 'client_refused') {
    // A client that registered itself and is not known any more registers anew with the next sign-in.
    const { issuer, client, redirectUri } = stored
    const { forgetClient } = await engine()
    await forgetClient?.(flow, { issuer, redirectUri, store, clientId: client.clientId }).catch(() => undefined)
  }
  // Where it cannot be marked, the next process asks once more and is told the same.
  await guarded(flow.service, store)
    .set(key, endedText(account, code, flow.runtime.now()))
    .catch(() => undefined)
  flow.emit?.({ type: 'session_ended', account, code })
  throw signInRequired(place, flow, code, error)
}

const signIn = 'Sign in again: what is saved then is used from the next call on.'

/** Why a session has ended, by the code it ended with. */
const reasons: Readonly<Record<EndedSession['ended'], string>> = {
  sign_in_required: 'the authorization server refused to renew it',
  client_refused: 'the authorization server refused the client it belongs to',
}

/** The error for a session that is over for good. */
function signInRequired(
  { account }: Place,
  { service }: Flow,
  code: string | undefined,
  cause?: unknown,
): PentauthError {
  // The code comes from a store, which may say anything.
  const known = code !== undefined && Object.hasOwn(reasons, code) ? reasons[code] : undefined
  const why = known ?? 'its access token cannot be renewed'
  const { connectedApps, docs } = service.links
  return new PentauthError({
    code: 'sign_in_required',
    message: `The ${service.name} sign-in of account "${printable(account, 100)}" has ended: ${why}.`,
    service: service.id,
    hint: signIn,
    link: connectedApps?.url ?? docs.url,
    ...(cause === undefined ? {} : { cause }),
  })
}

function signedOut({ account }: Place, { service }: Flow, what: string): SignedOut {
  const absent = `${what} of account "${printable(account, 100)}"`
  return {
    absent,
    next: 'sign in, and save the session in this store',
    error: new PentauthError({
      code: 'sign_in_required',
      message: `Nobody is signed in to ${service.name}: ${absent}.`,
      service: service.id,
      hint: signIn,
      link: service.links.docs.url,
    }),
  }
}
