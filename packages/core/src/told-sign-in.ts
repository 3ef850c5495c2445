import { scopesForEvent } from './events.ts'
import type { Flow } from './flow.ts'
import { shownAddress } from './shown-address.ts'

/** What the session there is may do, and what it was asked for. */
export interface ScopesBefore {
  readonly held: readonly string[]
  readonly requested: readonly string[]
}

export interface Started {
  readonly account: string
  readonly issuer: string
  readonly clientId: string
  readonly way: 'redirect' | 'device'
  readonly page: URL
  readonly scope: string | undefined
  readonly session: ScopesBefore | undefined
}

/** Tells that a person is being sent to the server. */
export function tellStarted({ emit }: Flow, { page, scope, session, ...facts }: Started): void {
  if (!emit) return
  const scopes = scope?.split(' ')
  const { held = [] } = session ?? {}
  const added = held.length > 0 ? scopes?.filter((one) => !held.includes(one)) : undefined
  emit({
    type: 'sign_in_started',
    ...facts,
    page: shownAddress(page),
    scope: scopesForEvent(scopes)?.join(' '),
    ...(added ? { addedScopes: scopesForEvent(added) } : {}),
  })
}

/** Tells that tokens are asked for now. */
export function tellRequested({ emit }: Pick<Flow, 'emit'>, endpoint: string, about: Requested): void {
  emit?.({ type: 'token_requested', tokenEndpoint: shownAddress(new URL(endpoint)), ...about })
}

interface Requested {
  readonly source: string
  readonly reason: 'first' | 'expiring' | 'refused'
}
