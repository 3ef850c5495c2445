// What both SDKs call `OAuthClientProvider`, by shape: the compiler compares it with theirs in test/types.test-d.ts. Mutable arrays and
// `| undefined` are theirs.

/** Which authorization server v2 asks about. */
export interface IssuerContext {
  readonly issuer: string
}

/** A token answer as the SDKs keep it: the value that was saved comes back, with the `issuer` that they stamp on it. */
export interface StoredTokens {
  access_token: string
  token_type: string
  refresh_token?: string | undefined
  expires_in?: number | undefined
  scope?: string | undefined
  id_token?: string | undefined
  issuer?: string | undefined
}

/** A client as the SDKs keep it, with their stamp. */
export interface StoredClient {
  client_id: string
  client_secret?: string | undefined
  client_id_issued_at?: number | undefined
  client_secret_expires_at?: number | undefined
  issuer?: string | undefined
  redirect_uris?: string[]
  token_endpoint_auth_method?: string | undefined
}

/** What a client says of itself when it registers. */
export interface ClientDescription {
  redirect_uris: string[]
  client_name?: string
  client_uri?: string
  grant_types: string[]
  response_types: string[]
  token_endpoint_auth_method: string
  application_type?: 'native' | 'web'
  scope?: string
}

/** What is used of the metadata of an authorization server; the rest is kept as it is. */
export type ServerMetadata = {
  issuer: string
  authorization_endpoint: string
  token_endpoint: string
  registration_endpoint?: string | undefined
  response_types_supported: string[]
  code_challenge_methods_supported?: string[] | undefined
  token_endpoint_auth_methods_supported?: string[] | undefined
  authorization_response_iss_parameter_supported?: boolean | undefined
}

/** What the SDKs found out about a server. */
export interface DiscoveryState {
  authorizationServerUrl: string
  resourceMetadataUrl?: string
  resourceMetadata?: { resource: string }
  authorizationServerMetadata?: ServerMetadata
}

/** The same as it comes from an SDK. */
export interface FoundDiscoveryState {
  authorizationServerUrl: string
  resourceMetadataUrl?: string | undefined
  resourceMetadata?: unknown
  authorizationServerMetadata?: unknown
}

/** By shape, `OAuthClientProvider` of v1 and v2. */
export interface OAuthClientProvider {
  readonly redirectUrl: string
  readonly clientMetadata: ClientDescription
  clientMetadataUrl?: string
  state(): Promise<string>
  clientInformation(context?: IssuerContext): Promise<StoredClient | undefined>
  saveClientInformation?(client: StoredClient, context?: IssuerContext): Promise<void>
  tokens(context?: IssuerContext): Promise<StoredTokens | undefined>
  saveTokens(tokens: StoredTokens, context?: IssuerContext): Promise<void>
  redirectToAuthorization(url: URL): Promise<void>
  saveCodeVerifier(verifier: string): Promise<void>
  codeVerifier(): Promise<string>
  addClientAuthentication: (
    headers: Headers,
    params: URLSearchParams,
    url: string | URL,
    metadata?: { issuer: string; token_endpoint_auth_methods_supported?: string[] | undefined },
  ) => Promise<void>
  validateResourceURL(serverUrl: string | URL, resource?: string): Promise<URL | undefined>
  scopeForRefresh(tokens: StoredTokens): string | undefined
  invalidateCredentials(scope: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): Promise<void>
  saveDiscoveryState(state: FoundDiscoveryState): Promise<void>
  discoveryState(): Promise<DiscoveryState | undefined>
}
