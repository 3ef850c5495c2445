/** How a credential was obtained, which decides the headers that can carry it. */
export type CredentialKind = 'api-key' | 'access-token'

/** The request headers a credential can travel in; `authorization` always means the Bearer scheme (RFC 6750 section 2.1). */
export type CredentialHeader = 'authorization' | 'x-api-key'

/** Where a fact comes from: the service's own page, another public source, or our assumption (explained beside it). */
export type FactSource = 'documented' | 'found' | 'assumed'

/** One call a resource offers, by method and path below the resource's URL. */
export interface Operation {
  readonly name: string
  readonly method: string
  /** Relative to the resource's URL, such as `/recall`. */
  readonly path: string
  /** True where the service answers without a credential. */
  readonly public?: boolean
}

/** One protected surface of a service, identified by its URL prefix (RFC 9728 calls it a protected resource). */
export interface Resource {
  /** The URL prefix; a request is covered on a path boundary at the same origin. */
  readonly url: string
  readonly protocol: 'rest' | 'mcp' | 'graphql'
  /** Headers an API key may travel in, the default first; absent where keys are refused. */
  readonly apiKey?: readonly CredentialHeader[]
  /** True where access tokens are accepted; they always travel as Bearer. */
  readonly accessToken?: boolean
  /** Headers sent with every request unless the caller set them. */
  readonly headers?: Readonly<Record<string, string>>
  /** Token audience (RFC 8707 `resource`); the resource's URL unless given. */
  readonly audience?: string
  readonly operations?: readonly Operation[]
  /** True after `relocate` moved it: key prefixes are then a convention, not a rule. */
  readonly relocated?: boolean
}

/** The rules of a service's API keys. */
export interface ApiKeyRules {
  readonly prefix?: string
  readonly prefixSource?: FactSource
  /** Regular expression source that a whole key matches. */
  readonly pattern?: string
  readonly patternSource?: FactSource
  /** Environment variable that holds the key. */
  readonly env: string
  readonly rotation: {
    /** `rotate`: the service makes a new key beside the old one; `renew`: the new key replaces it; `replace`: create, deploy, delete. */
    readonly method: 'rotate' | 'renew' | 'replace'
    /** Seconds the old key goes on working after the new one exists; absent where you delete it yourself. */
    readonly grace?: number
  }
  /** How many keys an account can have, where there is a limit. */
  readonly perAccount?: number
  /** Things a key cannot do and a person in the console can. */
  readonly consoleOnly?: readonly string[]
}

/** The OAuth grants that a definition can name. */
export const grantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'urn:ietf:params:oauth:grant-type:token-exchange',
] as const

/** A service's authorization server as its documents describe it (RFC 8414 nouns). */
export interface OAuthRules {
  readonly issuer?: string
  readonly authorizationServerMetadata?: string
  readonly protectedResourceMetadata?: string
  readonly authorizationEndpoint?: string
  readonly tokenEndpoint?: string
  readonly registrationEndpoint?: string
  readonly revocationEndpoint?: string
  readonly deviceAuthorizationEndpoint?: string
  readonly grants: readonly (typeof grantTypes)[number][]
  readonly tokenEndpointAuthMethod: 'none' | 'client_secret_post' | 'client_secret_basic'
  readonly scopes?: readonly string[]
  readonly tokenFormat?: 'jwt' | 'opaque'
  readonly tokenSigningAlgorithm?: string
  /** Seconds an access token lives when the token response does not say. */
  readonly tokenLifetime?: number
  readonly clientIdPrefix?: string
  readonly clientSecretPrefix?: string
  readonly clientIdEnv?: string
  readonly clientSecretEnv?: string
  /** Never sends `resource` (RFC 8707), for servers that refuse it: their tokens may then be good at other resources, too. */
  readonly omitResourceParameter?: boolean
  /** Names the scopes of a session again when it is renewed, for servers that ask for that. */
  readonly scopeOnRefresh?: boolean
  /** True after `relocate` moved the token endpoint: client prefixes are then a convention, not a rule. */
  readonly relocated?: boolean
}

/** What each scope allows, by operation name. */
export interface ScopeRules {
  readonly default: string
  readonly operations: Readonly<Record<string, readonly string[]>>
}

/** What a service's refusal can be about: the codes that a definition may use. */
export const serviceErrorCodes = [
  'authentication_required',
  'credential_refused',
  'agent_not_accessible',
  'insufficient_scope',
  'not_entitled',
  'insufficient_credits',
  'read_only_account',
  'console_only',
  'forbidden',
  'not_found',
  'rate_limited',
  'request_rejected',
  'service_unavailable',
] as const

/** A refusal the service documents, and what to do about it. */
export interface DocumentedError {
  readonly code: (typeof serviceErrorCodes)[number]
  /** HTTP status; absent where the text alone decides. */
  readonly status?: number
  /** The text with its parameters in braces: `Agent with syntheticId={syntheticId} not found`; absent where the status alone decides. */
  readonly message?: string
  readonly source: FactSource
  readonly hint: string
  /** The tool or call that leads out, such as `get_account`. */
  readonly wayOut?: string
  /** Which of the service's links helps. */
  readonly link?: keyof ServiceLinks
}

/** A page for people: `where` in words, `url` where the service gives one. */
export interface ServiceLink {
  readonly where: string
  readonly url?: string
}

export interface ServiceLinks {
  readonly docs: ServiceLink
  readonly keys?: ServiceLink
  readonly clients?: ServiceLink
  readonly connectedApps?: ServiceLink
  readonly plans?: ServiceLink
}

/** Which credential the service recommends for a kind of client. */
export interface Recommendation {
  readonly client: string
  readonly method: 'api-key' | 'oauth' | 'client-credentials'
}

/** Where the OpenAI and the Anthropic SDK find a service: what they want as `baseURL`. */
export interface SdkBaseURLs {
  /** With the version: the SDK adds `/chat/completions`. */
  readonly openai?: string
  /** Without the version: the SDK adds `/v1/messages`. */
  readonly anthropic?: string
}

/** An API provider described as data: plain JSON, so a definition can also come from a file. */
export interface Service<Names extends string = string> {
  /** Lower-case identifier, such as `pensyve`. */
  readonly id: string
  /** Name for people, such as `Pensyve`. */
  readonly name: string
  readonly resources: Readonly<Record<Names, Resource>>
  readonly apiKey?: ApiKeyRules
  readonly oauth?: OAuthRules
  readonly scopes?: ScopeRules
  readonly errors: readonly DocumentedError[]
  readonly links: ServiceLinks
  readonly recommendations: readonly Recommendation[]
  /** Base URLs for other companies' SDKs, where the service speaks their protocol. */
  readonly sdk?: SdkBaseURLs
  /** Who may connect, in the service's terms. */
  readonly access?: string
  /** Something every user should know before relying on the service. */
  readonly notice?: string
  /** The setting that moved the service, such as `PENSYVE_BASE_URL`; absent where the program did. */
  readonly relocatedBy?: string
  /** Lets credentials travel unencrypted beyond this machine. Only for a network you trust completely. */
  readonly dangerouslyAllowPlainHttp?: boolean
}
