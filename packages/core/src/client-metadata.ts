import { PentauthError } from './errors.ts'
import { isSecure } from './secure-url.ts'

/** The grant of devices (RFC 8628 section 3.4). */
export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

/** What an OAuth client says of itself, in the document its `client_id` leads to. */
export interface ClientIdMetadataDocument {
  readonly client_id: string
  readonly client_name: string
  readonly client_uri?: string
  readonly logo_uri?: string
  readonly redirect_uris: readonly string[]
  readonly grant_types: readonly string[]
  readonly response_types: readonly string[]
  readonly token_endpoint_auth_method: 'none'
  readonly application_type: 'native' | 'web'
  readonly scope?: string
}

export interface ClientMetadataOptions {
  /** Where the document will be: https, with a path. */
  readonly url: string
  /** Name for people, who see it when they are asked for consent. */
  readonly name: string
  /** https, this machine by plain http, or a scheme of the program's own. */
  readonly redirectUris: readonly string[]
  /** The program's home page. */
  readonly uri?: string | undefined
  readonly logoUri?: string | undefined
  /** Decided by the redirect URIs unless given. */
  readonly applicationType?: 'native' | 'web' | undefined
  readonly scopes?: readonly string[] | undefined
  /** Whether the program also signs in devices, with `deviceSignIn`. */
  readonly devices?: boolean | undefined
}

/**
 * Makes the document behind a client ID that is a URL; put it there as JSON, and sign-ins need no registration.
 *
 * @throws PentauthError `invalid_option` for a URL, name or redirect URI that no authorization server would take.
 * @see https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/
 * @example
 * ```ts
 * const document = clientMetadata({
 *   url: 'https://app.example.com/oauth/client.json',
 *   name: 'Example',
 *   redirectUris: ['http://127.0.0.1/callback'],
 * })
 * console.log(JSON.stringify(document))
 * ```
 */
export function clientMetadata(options: ClientMetadataOptions): ClientIdMetadataDocument {
  const { url, name, redirectUris, uri, logoUri, scopes } = options
  checkMetadataUrl(url)
  if (typeof name !== 'string' || !name.trim()) throw invalidClient('the client needs a name')
  if (!Array.isArray(redirectUris) || redirectUris.length === 0) throw invalidClient('the client needs a redirect URI')
  redirectUris.forEach(checkRedirectUri)
  for (const page of [uri, logoUri]) {
    if (page !== undefined && !/^https:/.test(parsed(page)?.protocol ?? ''))
      throw invalidClient('its pages must be https URLs')
  }
  return {
    client_id: url,
    client_name: name,
    ...(uri === undefined ? {} : { client_uri: uri }),
    ...(logoUri === undefined ? {} : { logo_uri: logoUri }),
    redirect_uris: [...redirectUris],
    grant_types: ['authorization_code', 'refresh_token', ...(options.devices === true ? [deviceGrant] : [])],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: options.applicationType ?? applicationTypeOf(redirectUris),
    ...(scopes?.length ? { scope: scopes.join(' ') } : {}),
  }
}

/**
 * Refuses a URL that cannot be a client ID: it must be https with a path, and written as it is requested.
 *
 * @throws PentauthError `invalid_option`.
 */
export function checkMetadataUrl(text: string): void {
  const url = parsed(text)
  // As it is written is how the server compares it, so what parsing changes (case, dots, ports) would be another client.
  const isRight =
    url?.protocol === 'https:' && url.href === text && url.pathname !== '/' && !url.username && !url.password
  if (!isRight || text.includes('#'))
    throw invalidClient('its URL must be https with a path, in the form browsers show it')
}

/**
 * Refuses a redirect URI that would bring the answer of a sign-in to others.
 *
 * @throws PentauthError `invalid_option`.
 */
export function checkRedirectUri(text: string): void {
  const url = parsed(text)
  // A scheme of one's own has a dot (RFC 8252 section 7.1), which `javascript:` and its kind have not.
  const isRight = url && (isSecure(url) || isPrivateUse(url))
  if (!isRight || text.includes('#') || url.username || url.password) {
    throw invalidClient(
      'a redirect URI must be https, http on this machine, or of a scheme such as com.example.app, without a fragment',
    )
  }
  const taken = ['code', 'state', 'iss', 'error'].find((name) => url.searchParams.has(name))
  if (taken) throw invalidClient(`a redirect URI leaves "${taken}" to the answer of the sign-in`)
}

/** `native` where the answer of a sign-in stays on the person's machine (OpenID Connect Registration section 2). */
export function applicationTypeOf(redirectUris: readonly string[]): 'native' | 'web' {
  const isWeb = redirectUris.length > 0 && redirectUris.every((text) => parsed(text)?.protocol === 'https:')
  return isWeb ? 'web' : 'native'
}

function isPrivateUse({ protocol }: URL): boolean {
  return /^[a-z][a-z\d+-]*\.[a-z\d.+-]+:$/.test(protocol)
}

function parsed(text: unknown): URL | undefined {
  return typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
}

/** The error about options that fit no client. */
export function invalidClient(what: string): PentauthError {
  return new PentauthError({
    code: 'invalid_option',
    message: `OAuth client: ${what}.`,
    hint: 'See ClientOptions and ClientMetadataOptions for what each option means.',
  })
}
