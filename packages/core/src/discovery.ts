import { checkAddress } from './address.ts'
import type { Challenge } from './challenge.ts'
import type { Chosen, Discovered, DiscoverOptions } from './discovered.ts'
import { PentauthError } from './errors.ts'
import { failureFacts } from './events.ts'
import type { Flow } from './flow.ts'
import { type DescribedServer, firstDocument, listIn, readServer, refuseDocument, rulesOf, textIn } from './metadata.ts'
import type { Found } from './metadata-cache.ts'
import type { Document } from './metadata-document.ts'
import { part } from './part.ts'
import { shownAddress } from './shown-address.ts'

/**
 * Finds the authorization server of a resource: RFC 9728 metadata (from the challenge, then below the path, then at the root), then
 * that server's RFC 8414 or OpenID Connect metadata. No request carries a credential, and none follows a redirect.
 *
 * The metadata's `resource` must be the resource's audience or URL, or a prefix of it on a path boundary at the same origin: one
 * document may stand for several resources of a host, and never for another host's. The `issuer` must be repeated letter by letter.
 * A 4xx says that there is no document, and the next place is asked. A server in trouble says nothing, so nothing else is tried then.
 * Of several authorization servers the chosen one is taken, else the definition's, else the first that is usable; an MCP server that
 * names none may be one itself.
 *
 * @throws PentauthError `discovery_failed` when metadata is missing, unusable or contradictory, `unsafe_address` when it leads to a
 *   private or unencrypted address, `temporarily_unavailable` for 5xx, 429 and network trouble.
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-3
 * @see https://www.rfc-editor.org/rfc/rfc8414#section-3
 */
export async function discover(flow: Flow, options: DiscoverOptions = {}): Promise<Discovered> {
  // Its own: a polluted Object.prototype must not choose a server.
  const own: DiscoverOptions = Object.assign(Object.create(null), options)
  // A refusal that names its metadata knows better than what was found before.
  if (own.challenge?.parameters.resource_metadata) own.cache?.forget(flow)
  const variant = JSON.stringify([own.issuer, own.way, own.dangerouslyAllowMissingPkceMetadata === true])
  const load = () => find(flow, own).catch((error) => tellFailed(flow, error))
  return own.cache ? own.cache.get(flow, variant, load) : (await load()).value
}

function tellFailed({ emit, resource }: Flow, error: unknown): never {
  if (PentauthError.isInstance(error))
    emit?.({ type: 'discovery_failed', resource: resource.name, ...failureFacts(error) })
  throw error
}

async function find(flow: Flow, options: DiscoverOptions): Promise<Found<Discovered>> {
  const { name, audience, url } = flow.resource
  const document = (await readResource(flow, options.challenge)) ?? (await toldResource(flow, options))
  const { lifetime, ...found } = await chooseServer(flow, document, options)
  flow.emit?.({ type: 'server_discovered', resource: name, issuer: found.server.issuer, source: found.source })
  const resource = (document && (await textIn(flow, document, 'resource'))) ?? audience ?? url
  const scopes = document && (await listIn(flow, document, 'scopes_supported'))?.filter((scope) => isScope.test(scope))
  const value = Object.freeze({ ...found, resource, ...(scopes ? { scopes } : {}) })
  return { value, lifetime: Math.min(lifetime, document?.lifetime ?? lifetime) }
}

/** The document that an MCP server names when it is asked, where it is at none of the usual places and nobody has asked yet. */
async function toldResource(flow: Flow, { challenge }: DiscoverOptions): Promise<Document | undefined> {
  if (challenge !== undefined || flow.resource.protocol !== 'mcp') return undefined
  const { challengeOf, isUnknown } = await part(import('./challenge-probe.ts'))
  const told = isUnknown(flow) ? await challengeOf(flow) : undefined
  return told?.parameters.resource_metadata === undefined ? undefined : readResource(flow, told)
}

// RFC 6749 section 3.3.
const isScope = /^[\x21\x23-\x5b\x5d-\x7e]+$/

async function readResource(flow: Flow, challenge: Challenge | undefined): Promise<Document | undefined> {
  const { url, audience = url } = flow.resource
  const { origin, pathname, search } = new URL(audience)
  const told = challenge?.parameters.resource_metadata
  const root = `${origin}/.well-known/oauth-protected-resource`
  const documented = rulesOf(flow.service).protectedResourceMetadata
  const places = [
    ...(told === undefined ? [] : [(await checkAddress(flow, told, 'resource_metadata')).href]),
    root + (pathname === '/' ? '' : pathname) + search,
    root,
    // A service may have several resources; the documented place is about the one on its host.
    ...(documented !== undefined && new URL(documented).origin === origin ? [documented] : []),
  ]
  const document = await firstDocument(flow, places, 'resource_metadata')
  if (!document) return undefined
  const named = await textIn(flow, document, 'resource')
  const about = named !== undefined && URL.canParse(named) ? new URL(named) : undefined
  if (!about) return refuseDocument(flow, document, 'has no usable "resource"')
  if ([audience, url].some((own) => covers(about, new URL(own)))) return document
  return refuseDocument(flow, document, `is about another resource (${shownAddress(about)})`)
}

/** Whether a resource is another, or a prefix of it on a path boundary. */
function covers(prefix: URL, { href, origin, pathname }: URL): boolean {
  if (prefix.href === href) return true
  if (prefix.origin !== origin || prefix.username || prefix.password || /[?#]/.test(prefix.href)) return false
  return pathname.startsWith(prefix.pathname.replace(/\/?$/, '/'))
}

/** No honest resource names more servers that are all unusable; each costs up to three requests. */
const mostServers = 5

async function chooseServer(flow: Flow, document: Document | undefined, options: DiscoverOptions): Promise<Chosen> {
  const { service } = flow
  const { issuer: chosen } = options
  const own = rulesOf(service).issuer
  const listed = (document && (await listIn(flow, document, 'authorization_servers'))) ?? []
  if (document && chosen !== undefined && listed.length > 0 && !listed.includes(chosen))
    return refuseDocument(
      flow,
      document,
      'does not name the chosen authorization server',
      'Leave the issuer out, or correct it.',
    )
  const first = chosen ?? (own !== undefined && (listed.length === 0 || listed.includes(own)) ? own : undefined)
  const issuers = first === undefined ? [...new Set(listed)].slice(0, mostServers) : [first]
  // Before revision 2025-06-18 of the protocol an MCP server was its own authorization server, at its origin.
  if (!document && first === undefined && flow.resource.protocol === 'mcp')
    issuers.push(new URL(flow.resource.url).origin)
  let flaw: unknown
  for (const issuer of issuers) {
    try {
      const described = await readServer(flow, issuer)
      if (!described) continue
      await checkUsable(flow, described, options)
      return { server: described.server, source: 'metadata', lifetime: described.document.lifetime }
    } catch (error) {
      if (!PentauthError.isInstance(error) || error.retryable) throw error
      flaw ??= error
    }
  }
  if (flaw !== undefined) throw flaw
  const isOwn = first === own && (first !== undefined || listed.length === 0)
  return (await part(import('./documented-server.ts'))).documentedServer(flow, options, isOwn)
}

/** Refuses a server that a person cannot sign in at safely, or a program get no token from. */
async function checkUsable(flow: Flow, { server, document }: DescribedServer, options: DiscoverOptions): Promise<void> {
  const { authorization_endpoint: endpoint = '?', token_endpoint, code_challenge_methods_supported: methods } = server
  const isPlain = options.way === undefined && token_endpoint !== undefined && methods?.includes('S256')
  // An endpoint with a query of its own, and everything that is unusual, needs more than a look.
  if (isPlain && !endpoint.includes('?') && server.require_pushed_authorization_requests !== true) return
  const { checkUnusual } = await part(import('./unusual-server.ts'))
  checkUnusual(flow, { server, document }, options)
}
