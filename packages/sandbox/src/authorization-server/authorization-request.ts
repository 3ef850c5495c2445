import type { Outside } from '../addresses.ts'
import type { ServerContext } from './configuration.ts'
import type { OAuthClient } from './oauth-client.ts'
import { isRegistered } from './redirect-uri.ts'

/** What an app asks a person for, checked. */
export interface AuthorizationRequest {
  readonly client: OAuthClient
  readonly redirectUri: string
  readonly state: string | undefined
  readonly challenge: string
  readonly scopes: readonly string[]
  /** The documented URL of the resource. */
  readonly resource: string
}

/** How a request came out: good, to be refused at the app's address, or to be refused here and nowhere else. */
export type ReadRequest =
  | { readonly request: AuthorizationRequest; readonly redirectTo?: undefined; readonly problem?: undefined }
  | { readonly redirectTo: string; readonly request?: undefined; readonly problem?: undefined }
  | { readonly problem: string; readonly request?: undefined; readonly redirectTo?: undefined }

/** Finds a client by its id. */
export type FindClient = (id: string) => Promise<OAuthClient | undefined>

/** Reads an authorization request (OAuth 2.1 section 4.1.1, RFC 7636, RFC 8707). */
export async function readAuthorizationRequest(
  query: URLSearchParams,
  { configuration }: ServerContext,
  findClient: FindClient,
  outside: Outside,
): Promise<ReadRequest> {
  const [clientId, redirectUri] = [query.getAll('client_id'), query.getAll('redirect_uri')]
  // Nobody is sent to an address that is not known to be the app's: until then every problem is said here.
  if (clientId.length !== 1 || clientId[0] === '') return { problem: 'The app did not say which app it is.' }
  const client = await findClient(String(clientId[0]))
  if (client === undefined) return { problem: 'The app is not known here. It may have to register again.' }
  const [uri = ''] = redirectUri
  if (redirectUri.length !== 1 || !isRegistered(uri, client.redirectUris)) {
    return { problem: 'The address that the app wants to be called back at is not one of those it registered.' }
  }
  const states = query.getAll('state')
  const state = states.length === 1 ? states[0] : undefined
  const refuse = (error: string, description: string): ReadRequest => {
    const parameters = { error, error_description: description, state, iss: outside(configuration.issuer) }
    return { redirectTo: withParameters(uri, parameters) }
  }
  const names = [...query.keys()].filter((name) => name !== 'resource')
  if (names.some((name, index) => names.indexOf(name) !== index)) {
    return refuse('invalid_request', 'A parameter was sent more than once.')
  }
  const type = query.get('response_type')
  if (type === null) return refuse('invalid_request', 'response_type is missing.')
  if (type !== 'code') return refuse('unsupported_response_type', 'response_type must be code.')
  if ((query.get('response_mode') ?? 'query') !== 'query')
    return refuse('invalid_request', 'response_mode must be query.')
  if (!client.grantTypes.includes('authorization_code')) {
    return refuse('unauthorized_client', 'The client is not registered for authorization_code.')
  }
  const challenge = query.get('code_challenge')
  if (challenge === null) return refuse('invalid_request', 'code_challenge is missing: PKCE is required.')
  if (query.get('code_challenge_method') !== 'S256')
    return refuse('invalid_request', 'code_challenge_method must be S256.')
  if (!/^[A-Za-z0-9_-]{43}$/.test(challenge)) return refuse('invalid_request', 'code_challenge is not a SHA-256.')
  const resource = resourceOf(query.getAll('resource'), configuration.resources, outside)
  if (resource === undefined) return refuse('invalid_target', 'resource is none that this server gives tokens for.')
  const scopes = scopesOf(query.get('scope'), configuration.scopes, client)
  if (scopes === undefined) return refuse('invalid_scope', 'scope names a scope that cannot be granted.')
  return { request: { client, redirectUri: uri, state, challenge, scopes, resource } }
}

/** An address with parameters added; those without a value are left out. */
export function withParameters(uri: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(uri)
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value)
  return url.href
}

/** The one resource that all values name, by its documented URL; without a value the server's first. */
export function resourceOf(
  asked: readonly string[],
  resources: readonly [{ readonly url: string }, ...{ readonly url: string }[]],
  outside: Outside,
): string | undefined {
  if (asked.length === 0) return resources[0].url
  // RFC 3986 section 6.2.3: an empty path is "/".
  const normal = (url: string): string => (URL.canParse(url) ? new URL(url).href : url)
  return resources.find(({ url }) => asked.every((given) => normal(given) === normal(outside(url))))?.url
}

/** The scopes that a request names, or the server's first; undefined when one of them cannot be granted. */
export function scopesOf(
  asked: string | null | undefined,
  known: Readonly<Record<string, string>>,
  client: Pick<OAuthClient, 'scopes'>,
): readonly string[] | undefined {
  const names = [...new Set((asked ?? '').split(' ').filter((name) => name !== ''))]
  const allowed = client.scopes ?? Object.keys(known)
  if (names.length === 0) return allowed.slice(0, 1)
  return names.every((name) => Object.hasOwn(known, name) && allowed.includes(name)) ? names : undefined
}
