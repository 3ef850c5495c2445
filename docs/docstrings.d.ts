// What an `@example` in a doc comment may take as given; everything else it uses it declares or imports itself.
declare const auth: import('@pentauth/core').Auth
declare const clientId: string
declare const clientSecret: string
declare const error: unknown
declare const sandbox: import('@pentauth/sandbox').Sandbox
