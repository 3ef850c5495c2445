import type * as oauth from 'oauth4webapi'
import { PentauthError } from './errors.ts'
import { failureFacts } from './events.ts'
import type { Flow } from './flow.ts'
import { printable, withoutKeyLike } from './printable.ts'

/** The error about a server that would be given another's codes, which an event tells, too. */
export function strangeEndpoint(
  { service, resource, emit }: Omit<Flow, 'runtime'>,
  server: oauth.AuthorizationServer,
): PentauthError {
  const error = new PentauthError({
    code: 'discovery_failed',
    message: `The authorization server ${new URL(server.issuer).origin} names an authorization endpoint of another site, ${new URL(server.authorization_endpoint as string).origin}, and does not say that its responses name their issuer.`,
    service: service.id,
    hint: 'A code could reach the wrong server. If the two belong together, put both endpoints into the service definition.',
    link: service.links.docs.url,
  })
  emit?.({ type: 'discovery_failed', resource: resource.name, ...failureFacts(error) })
  return error
}

/** The error about a scope that signing in does not bring, which an event tells, too. */
export function inVain(
  { service, emit }: Flow,
  { issuer }: oauth.AuthorizationServer,
  challenged: readonly string[],
): PentauthError {
  const scope = withoutKeyLike(printable(challenged.join(' ')))
  const error = new PentauthError({
    code: 'insufficient_scope',
    message: scope
      ? `${service.name} asks for a scope that the session has already (${scope}); signing in again would not help.`
      : `${service.name} asks for more scope and names none that was not asked for; signing in again would not help.`,
    service: service.id,
    ...(scope ? { parameters: { scope } } : {}),
    hint: 'Ask the people who run the service what else the operation needs.',
    link: service.links.docs.url,
  })
  emit?.({ type: 'sign_in_failed', account: undefined, issuer, ...failureFacts(error) })
  return error
}
