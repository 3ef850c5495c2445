// What an `@example` in a doc comment may take as given; everything else it uses it declares or imports itself.
declare const acme: import('@pentauth/core').Service
declare const auth: import('@pentauth/core').Auth
declare const client: import('@modelcontextprotocol/client').Client
declare const clientId: string
declare const clientSecret: string
declare const error: unknown
declare const StreamableHTTPClientTransport: typeof import('@modelcontextprotocol/client').StreamableHTTPClientTransport
declare const sandbox: import('@pentauth/sandbox').Sandbox
declare const redirectUri: string
declare const request: { readonly url: string }
declare const store: import('@pentauth/core').Store
declare const token: string
declare const transport: import('@modelcontextprotocol/client').StreamableHTTPClientTransport
declare const url: URL
type PentauthEvent = import('@pentauth/core').PentauthEvent
