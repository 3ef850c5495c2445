import type { Challenge } from './challenge.ts'
import type { Discovered } from './discovery.ts'
import { PentauthError } from './errors.ts'
import { failureFacts } from './events.ts'
import type { Flow } from './flow.ts'
import { printable, withoutKeyLike } from './printable.ts'

export interface ScopeWishes {
  /** What the caller says. */
  readonly given: string | undefined
  /** Of the answer that asked for a token, or for more scope. */
  readonly challenge: Challenge | undefined
  /** The session there is: what it has, and what sign-ins asked for without getting it. */
  readonly session: { readonly held: readonly string[]; readonly requested: readonly string[] } | undefined
}

export interface ScopeRequest {
  readonly scope: string | undefined
  /** What was asked for before and is not to be asked for again, as long as refusals lead to sign-ins. */
  readonly askedBefore: readonly string[]
}

/**
 * What to ask for: what the caller says, else what the resource's refusal named, else what its metadata lists, else nothing; and a
 * refresh token, where the server has a scope for that.
 *
 * A refusal for want of scope adds to what is held and to what the caller says. Where nothing is left that was not asked for before,
 * signing in again would lead nowhere, and to the same refusal; so two refusals that take turns end, too.
 *
 * @throws PentauthError `insufficient_scope`.
 */
export function requestedScope(
  flow: Flow,
  { server, scopes = [] }: Discovered,
  { given, challenge, session }: ScopeWishes,
): ScopeRequest {
  const challenged = listOf(challenge?.parameters.scope)
  const isStepUp = challenge?.parameters.error === 'insufficient_scope'
  const named = isStepUp ? [...listOf(given), ...challenged] : given === undefined ? challenged : listOf(given)
  const asked = named.length > 0 || (given !== undefined && !isStepUp) ? named : scopes
  const { held = [], requested = [] } = isStepUp ? (session ?? {}) : {}
  const isKnown = (scope: string) => held.includes(scope) || requested.includes(scope)
  if (isStepUp && session && asked.every(isKnown)) {
    const error = inVain(flow, challenged)
    flow.emit?.({ type: 'sign_in_failed', account: undefined, issuer: server.issuer, ...failureFacts(error) })
    throw error
  }
  const wanted = new Set([...held, ...asked])
  // Alone it would ask for nothing else, where the server has a default.
  const isListed = wanted.size > 0 && server.scopes_supported?.includes('offline_access')
  if (isListed && server.grant_types_supported?.includes('refresh_token') !== false) wanted.add('offline_access')
  return { scope: wanted.size > 0 ? [...wanted].join(' ') : undefined, askedBefore: requested }
}

function listOf(scope = ''): readonly string[] {
  return scope.split(' ').filter(Boolean)
}

function inVain({ service }: Flow, challenged: readonly string[]): PentauthError {
  const scope = withoutKeyLike(printable(challenged.join(' ')))
  return new PentauthError({
    code: 'insufficient_scope',
    message: scope
      ? `${service.name} asks for a scope that the session has already (${scope}); signing in again would not help.`
      : `${service.name} asks for more scope and names none that was not asked for; signing in again would not help.`,
    service: service.id,
    ...(scope ? { parameters: { scope } } : {}),
    hint: 'Ask the people who run the service what else the operation needs.',
    link: service.links.docs.url,
  })
}
