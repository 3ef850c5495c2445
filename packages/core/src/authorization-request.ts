import * as oauth from 'oauth4webapi'
import type { Challenge } from './challenge.ts'
import type { OAuthClient } from './client-authentication.ts'
import type { Discovered } from './discovered.ts'
import type { Flow } from './flow.ts'
import { isLoopback } from './loopback.ts'
import { part } from './part.ts'
import type { ClientForOptions, RegisteredClient } from './registration.ts'
import { resourceParameter } from './resource-parameter.ts'
import { clientFor } from './sign-in-client.ts'

/** A name that nobody can guess. */
export const randomId: () => string = () => oauth.generateRandomState()

/** What a person's browser is sent to, and what only its starter knows. */
export interface AuthorizationRequest {
  readonly url: URL
  /** Ours in the URL, and what we leave out of it. */
  readonly parameters: Readonly<Record<string, string | undefined>>
  readonly state: string
  readonly verifier: string
}

/** What a sign-in asks for. */
export interface RequestWishes {
  readonly redirectUri: string
  readonly scope: string | undefined
  /** Of the key that the code is of no use without (RFC 9449 section 10). */
  readonly thumbprint?: string | undefined
}

/** A request, and the client that makes it. */
export interface ClientRequest extends AuthorizationRequest {
  readonly client: RegisteredClient
}

/**
 * An authorization request that the person's browser carries as it is.
 *
 * @throws PentauthError as `clientFor`.
 */
export async function plainRequest(
  flow: Flow,
  discovered: Discovered,
  options: ClientForOptions,
  wishes: RequestWishes,
): Promise<ClientRequest> {
  const client = await clientFor(flow, discovered, options)
  return { ...(await authorizationRequest(flow, discovered, client, wishes)), client }
}

/**
 * The authorization request: code, PKCE with S256, `state`, `resource`, scopes.
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1-13#section-4.1.1
 */
export async function authorizationRequest(
  { service }: Pick<Flow, 'service'>,
  { server, resource }: Discovered,
  client: OAuthClient,
  { redirectUri, scope, thumbprint }: RequestWishes,
): Promise<AuthorizationRequest> {
  const url = new URL(server.authorization_endpoint as string)
  const state = randomId()
  const verifier = oauth.generateRandomCodeVerifier()
  const parameters = {
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: redirectUri,
    scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    resource: resourceParameter(service, resource),
    dpop_jkt: thumbprint,
    // Without it, servers that know the scope give no refresh token (OpenID Connect Core, section 11).
    prompt: scope?.split(' ').includes('offline_access') ? 'consent' : undefined,
  }
  // Set, not added: an endpoint may bring a query of its own, and ours wins.
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  return { url, parameters, state, verifier }
}

/**
 * Refuses a server that would be given another's codes.
 *
 * A server that names somebody else's authorization endpoint and a token endpoint of its own would be given the other's codes
 * (RFC 9700 section 4.4.2); only the response's `iss` tells the two apart.
 *
 * @throws PentauthError `discovery_failed`.
 */
export async function checkAuthorizationEndpoint(
  { service, resource, emit }: Omit<Flow, 'runtime'>,
  server: oauth.AuthorizationServer,
): Promise<void> {
  const endpoint = server.authorization_endpoint as string
  const known = service.oauth?.authorizationEndpoint
  const isTold = server.authorization_response_iss_parameter_supported === true
  if (endpoint === known || isTold || isSameSite(new URL(endpoint), new URL(server.issuer))) return
  throw (await part(import('./request-refusal.ts'))).strangeEndpoint({ service, resource, emit }, server)
}

/** The same host, one a subdomain of the other, or both on this machine. */
function isSameSite(one: URL, other: URL): boolean {
  if (isLoopback(one.hostname) && isLoopback(other.hostname)) return true
  const [a, b] = [`.${one.hostname}`, `.${other.hostname}`]
  return one.protocol === other.protocol && (a.endsWith(b) || b.endsWith(a))
}

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
export async function requestedScope(
  flow: Flow,
  { server, scopes = [] }: Discovered,
  { given, challenge, session }: ScopeWishes,
): Promise<ScopeRequest> {
  const challenged = listOf(challenge?.parameters.scope)
  const isStepUp = challenge?.parameters.error === 'insufficient_scope'
  const named = isStepUp ? [...listOf(given), ...challenged] : given === undefined ? challenged : listOf(given)
  const asked = named.length > 0 || (given !== undefined && !isStepUp) ? named : scopes
  const { held, requested } = (isStepUp && session) || nothing
  const isKnown = (scope: string) => held.includes(scope) || requested.includes(scope)
  if (isStepUp && session && asked.every(isKnown))
    throw (await part(import('./request-refusal.ts'))).inVain(flow, server, challenged)
  const wanted = new Set([...held, ...asked])
  // Alone it would ask for nothing else, where the server has a default.
  const isListed = wanted.size > 0 && server.scopes_supported?.includes('offline_access')
  if (isListed && server.grant_types_supported?.includes('refresh_token') !== false) wanted.add('offline_access')
  return { scope: wanted.size > 0 ? [...wanted].join(' ') : undefined, askedBefore: requested }
}

const nothing = { held: [], requested: [] }

function listOf(scope: unknown): readonly string[] {
  return typeof scope === 'string' ? scope.split(' ').filter(Boolean) : []
}
