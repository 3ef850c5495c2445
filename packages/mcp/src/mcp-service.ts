import {
  type ClientOptions,
  type CredentialHeader,
  defineService,
  type OAuthRules,
  PentauthError,
  type Resource,
  type Service,
  withSettings,
} from '@pentauth/core'

/** How a server takes API keys. */
export interface McpKeyRules {
  /** The environment variable that holds the key. */
  readonly env: string
  /** Which header carries it; `authorization` (Bearer) unless given. */
  readonly header?: CredentialHeader | undefined
  /** What every key begins with. */
  readonly prefix?: string | undefined
}

export interface McpServiceOptions {
  /** Name for people; the host unless given. */
  readonly name?: string | undefined
  /** The OAuth client; registered at the server by itself unless given. */
  readonly client?: ClientOptions | undefined
  /** Where the server takes keys: with one configured, no sign-in and no discovery ever starts. */
  readonly apiKey?: McpKeyRules | undefined
  /**
   * Headers that gateways on the way ask for, by the origin that each stands before: the MCP server's, the authorization server's.
   * No other origin gets them, and nothing prints them.
   */
  readonly headers?: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined
  /** Where a server of the older transport (HTTP with SSE) takes messages, of the same origin; `messages` beside `sse` unless given. */
  readonly messages?: string | URL | undefined
  /** For servers of the first revision without any metadata: people sign in at `/authorize` of the server's origin, tokens come from `/token`. */
  readonly legacyEndpoints?: boolean | undefined
  /** For authorization servers that refuse the parameter `resource` (RFC 8707): tokens are then good for whatever the server says. */
  readonly omitResourceParameter?: boolean | undefined
  /** For authorization servers that want the `scope` again with each renewal. */
  readonly scopeOnRefresh?: boolean | undefined
}

/**
 * Describes any MCP server, of which nothing is asked before its first use.
 *
 * @param url of the MCP endpoint, such as `https://mcp.acme.example/mcp`
 * @throws PentauthError `invalid_service` for a URL that cannot be a server, `invalid_option` for unusable headers.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
 * @example
 * ```ts
 * const acme = mcpService('https://mcp.acme.example/mcp', { apiKey: { env: 'ACME_API_KEY' } })
 * ```
 */
export function mcpService(url: string | URL, options: McpServiceOptions = {}): Service<'mcp'> {
  const { name, client, apiKey, headers, messages, ...server }: McpServiceOptions = Object.assign(
    Object.create(null),
    options,
  )
  const address = URL.canParse(String(url)) ? new URL(url) : undefined
  const host = address?.host ?? ''
  // What nobody can use is for `defineService` to refuse.
  const isPlain = address && !address.username && !address.password && !address.hash
  const home = isPlain ? homeOf(address, String(url)) : String(url)
  const accepted = { accessToken: true, ...(apiKey ? { apiKey: [apiKey.header ?? 'authorization'] } : {}) } as const
  const further = address && messagesOf(address, messages)
  const service: Service<'mcp'> = defineService<'mcp' | 'messages'>({
    id: `mcp-${host.replace(/[^a-z0-9]+/g, '-') || 'server'}`,
    name: name ?? host,
    resources: {
      mcp: { url: home, protocol: 'mcp', ...(address?.search ? { audience: home + address.search } : {}), ...accepted },
      ...((further
        ? { messages: { url: further, protocol: 'mcp', audience: home + address.search, ...accepted } }
        : {}) as {
        messages: Resource
      }),
    },
    ...(apiKey ? { apiKey: keyRules(apiKey) } : {}),
    ...(Object.values(server).includes(true) && address ? { oauth: oauthRules(address, server) } : {}),
    errors: [],
    links: { docs: { where: `whoever runs ${host}` } },
    recommendations: [],
  })
  if (!client && !headers) return service
  return withSettings(service, { client, gatewayHeaders: headers && checkedHeaders(headers) })
}

/** The address as the standard writes it, without a query and without a slash that nobody wrote. */
function homeOf({ origin, pathname }: URL, given: string): string {
  return (
    origin + (pathname === '/' && !/\/(?:\?|#|\s*$)/.test(given.trim().replace(/^https?:\/\//i, '')) ? '' : pathname)
  )
}

/** The server of an SSE stream says itself where messages go, but a credential goes nowhere that was not named before. */
function messagesOf(address: URL, given: string | URL | undefined): string | undefined {
  if (given === undefined) return /\/sse\/?$/.test(address.pathname) ? new URL('messages', address).href : undefined
  const url = URL.canParse(String(given), address.href) ? new URL(given, address) : undefined
  if (url?.origin === address.origin) return url.href
  throw new PentauthError({
    code: 'invalid_option',
    message: 'mcpService: the option "messages" is no URL of the same origin.',
    hint: 'Give the path that the server names in its "endpoint" event, without its query.',
  })
}

function keyRules({ env, prefix }: McpKeyRules): NonNullable<Service['apiKey']> {
  return { env, ...(prefix === undefined ? {} : { prefix }), rotation: { method: 'replace' } }
}

/** What is unlike others about a server that gives tokens; everything else its metadata says. */
function oauthRules({ origin }: URL, server: McpServiceOptions): OAuthRules {
  const { legacyEndpoints, omitResourceParameter, scopeOnRefresh } = server
  return {
    ...(legacyEndpoints ? legacyEndpointsAt(origin) : {}),
    ...(omitResourceParameter ? { omitResourceParameter } : {}),
    ...(scopeOnRefresh ? { scopeOnRefresh } : {}),
    grants: [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ],
    tokenEndpointAuthMethod: 'none',
  }
}

/** The endpoints of revision 2025-03-26 where a server has no metadata. */
function legacyEndpointsAt(origin: string): Partial<OAuthRules> {
  return {
    issuer: origin,
    authorizationEndpoint: `${origin}/authorize`,
    tokenEndpoint: `${origin}/token`,
    registrationEndpoint: `${origin}/register`,
  }
}

type GatewayHeaders = NonNullable<McpServiceOptions['headers']>

function checkedHeaders(headers: GatewayHeaders): GatewayHeaders {
  const table = (value: unknown) =>
    Object.prototype.toString.call(value) === '[object Object]' ? Object(value) : undefined
  const entries = Object.entries<unknown>(table(headers) ?? { '': undefined }).map(([origin, given]) => {
    const url = URL.canParse(origin) ? new URL(origin) : undefined
    if (url?.origin !== origin) throw unusable(`has ${JSON.stringify(origin.slice(0, 100))}, which is no origin`)
    const own = Object.entries<unknown>(table(given) ?? { '': undefined })
    for (const [name, value] of own) {
      if (notGateways.test(name)) throw unusable(`sets ${name}, which is not a gateway's`)
      if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || typeof value !== 'string' || !/^[\x20-\x7e]*$/.test(value))
        throw unusable('has a header that cannot be sent')
    }
    return [origin, Object.fromEntries(own) as Record<string, string>] as const
  })
  return Object.fromEntries(entries)
}

/** Credentials, and what is the protocol's own. */
const notGateways =
  /^(?:authorization|x-api-key|cookie|host|dpop|content-type|content-length|accept|mcp-.*|last-event-id)$/i

function unusable(what: string): PentauthError {
  return new PentauthError({
    code: 'invalid_option',
    message: `mcpService: the option "headers" ${what}.`,
    hint: "Give headers by origin, as in { 'https://mcp.acme.example': { 'cf-access-client-id': id } }; keys and tokens are credentials.",
  })
}
