import { parseStored, type StoredSession } from './stored-session.ts'

// Which session is the later one, as far as this process knows. Neither clocks say so, since each host has its own, nor the order of
// reading: a store may be behind, or a backup. Of what only other processes have seen nothing can be known.

/** By sign-in: how many renewals this process has seen of it; no number is enough once it is over. */
export type Seen = Map<string, number>

/** Sign-ins that are remembered. */
const most = 100

/** Notes a session that is in use. */
export function see(seen: Seen, { signInId, renewals = 0 }: StoredSession): void {
  if (signInId !== undefined) note(seen, signInId, Math.max(renewals, seen.get(signInId) ?? 0))
}

/** Notes that this process replaced a session by another sign-in, or signed it out. */
export function seeOver(seen: Seen, { signInId }: StoredSession): void {
  if (signInId !== undefined) note(seen, signInId, Number.POSITIVE_INFINITY)
}

function note(seen: Seen, signInId: string, renewals: number): void {
  seen.delete(signInId)
  seen.set(signInId, renewals)
  const [oldest] = seen.keys()
  if (seen.size > most && oldest !== undefined) seen.delete(oldest)
}

/** Whether a session was replaced since: its refresh token must not be sent, since a server may take that for theft. */
export function isOutdated(seen: Seen, { signInId, renewals = 0 }: StoredSession): boolean {
  return signInId !== undefined && renewals < (seen.get(signInId) ?? 0)
}

/** Whether its sign-in is over. */
export function isOver(seen: Seen, { signInId }: StoredSession): boolean {
  return signInId !== undefined && seen.get(signInId) === Number.POSITIVE_INFINITY
}

/** What a store held, where it could be read. */
export interface Held {
  readonly text: string | undefined
}

/**
 * Whether somebody else has written to a store since: neither what it held before, nor what is known, nor what is older than that. Where it
 * could not be read before, whatever it holds is from then.
 */
export function isNews(seen: Seen, text: string | undefined, before: Held | undefined, known: StoredSession): boolean {
  if (!before || text === before.text) return false
  const session = sessionIn(text, known.account)
  if (!session) return true
  const isKnown = session.accessToken === known.accessToken && session.refreshToken === known.refreshToken
  return !isKnown && !isOutdated(seen, session)
}

/** Whether a session is a renewal of another one; any may be where it is not said which sign-in they began with. */
export function isRenewalOf(session: StoredSession | undefined, before: StoredSession | undefined): boolean {
  return session !== undefined && before !== undefined && session.signInId === before.signInId
}

export function sessionIn(text: string | undefined, account: string): StoredSession | undefined {
  const found = parseStored(text, account)
  return found.is === 'session' ? found.session : undefined
}
