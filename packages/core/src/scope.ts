import type { Credential } from './credential.ts'
import { PentauthError } from './errors.ts'
import type { NamedResource } from './resource-lookup.ts'
import type { Service } from './service.ts'

/**
 * Refuses an operation that none of the token's scopes allows, before anything is sent: the service would refuse it, too, and say less.
 *
 * Only what is documented counts: an operation or a scope that the definition does not know passes.
 *
 * @throws PentauthError `insufficient_scope`, whose `parameters.scope` adds the narrowest one that would do to those there are.
 */
export function checkScope(
  service: Service,
  resource: NamedResource,
  credential: Credential,
  { method, url }: { readonly method: string; readonly url: string },
): void {
  const rules = service.scopes?.operations
  if (!rules || credential.kind !== 'access-token' || !credential.scopes || !resource.operations) return
  const granted = credential.scopes
  if (!granted.length || !granted.every((scope) => Object.hasOwn(rules, scope))) return
  const path = new URL(url).pathname.slice(new URL(resource.url).pathname.replace(/\/$/, '').length)
  const operation = resource.operations.find((one) => one.method === method.toUpperCase() && one.path === path)
  if (!operation || operation.public || granted.some((scope) => rules[scope]?.includes(operation.name))) return
  const able = Object.keys(rules).filter((scope) => rules[scope]?.includes(operation.name))
  const narrowest = able.sort((one, other) => (rules[one]?.length ?? 0) - (rules[other]?.length ?? 0))[0]
  if (!narrowest) return
  throw new PentauthError({
    code: 'insufficient_scope',
    message: `The token's scope (${granted.join(' ')}) does not allow ${operation.name} at ${service.name}; nothing was sent.`,
    service: service.id,
    // All that is to be asked for: signing in for what is missing alone would lose the rest.
    parameters: { scope: [...granted, narrowest].join(' ') },
    hint: `Sign in again with the scope ${[...granted, narrowest].join(' ')}.`,
    link: service.links.docs.url,
  })
}
