import type { Challenge } from './challenge.ts'
import type { Discovered } from './discovery.ts'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { printable } from './printable.ts'

export interface ScopeWishes {
  /** What the caller says. */
  readonly given: string | undefined
  /** Of the answer that asked for a token, or for more scope. */
  readonly challenge: Challenge | undefined
  /** What the session there is has, and what was asked for in vain. */
  readonly held: readonly string[]
  readonly requested: readonly string[]
}

/**
 * What to ask for: what the caller says, else what the resource's refusal named, else what its metadata lists, else nothing; and a
 * refresh token, where the server has a scope for that.
 *
 * A refusal for want of scope adds to what is held. Where all it names is held already, signing in again would lead nowhere, and to
 * the same refusal.
 *
 * @throws PentauthError `insufficient_scope`.
 */
export function requestedScope(
  flow: Flow,
  { server, scopes = [] }: Discovered,
  wishes: ScopeWishes,
): string | undefined {
  const { given, challenge, held, requested } = wishes
  const known = [...held, ...requested]
  const challenged = listOf(challenge?.parameters.scope)
  const isStepUp = challenge?.parameters.error === 'insufficient_scope'
  if (isStepUp && challenged.length > 0 && challenged.every((scope) => known.includes(scope)))
    throw inVain(flow, challenged)
  const asked = given === undefined ? (challenged.length > 0 ? challenged : scopes) : listOf(given)
  const wanted = new Set([...(isStepUp ? held : []), ...asked])
  // Alone it would ask for nothing else, where the server has a default.
  const isListed = wanted.size > 0 && server.scopes_supported?.includes('offline_access')
  if (isListed && server.grant_types_supported?.includes('refresh_token') !== false) wanted.add('offline_access')
  return wanted.size > 0 ? [...wanted].join(' ') : undefined
}

function listOf(scope = ''): readonly string[] {
  return scope.split(' ').filter(Boolean)
}

function inVain({ service }: Flow, challenged: readonly string[]): PentauthError {
  const scope = printable(challenged.join(' '))
  return new PentauthError({
    code: 'insufficient_scope',
    message: `${service.name} asks for a scope that the session has already (${scope}); signing in again would not help.`,
    service: service.id,
    parameters: { scope },
    hint: 'Ask the people who run the service what else the operation needs.',
    link: service.links.docs.url,
  })
}
