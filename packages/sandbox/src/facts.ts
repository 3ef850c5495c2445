import type { CredentialHeader, ServiceName } from './service-name.ts'

/** Where a fact is from: the service's own authentication page, another public source, or nowhere (our assumption). */
export type FactSource = 'page' | 'found' | 'assumed'

/** One protected surface of a service. */
export interface ResourceFacts {
  readonly name: string
  readonly kind: 'rest' | 'inference' | 'graphql' | 'mcp'
  /** Everything below this URL belongs to the resource. */
  readonly url: string
  readonly source: FactSource
  /** Headers that may carry each credential, the recommended one first; an absent credential is refused. */
  readonly headers: {
    readonly apiKey?: readonly CredentialHeader[]
    readonly accessToken?: readonly CredentialHeader[]
  }
  /** Further headers the service's page shows. */
  readonly extraHeaders?: Readonly<Record<string, string>>
  /** The tools of an MCP resource that the sandbox has, and where the name of each is from. */
  readonly tools?: Readonly<Record<string, FactSource>>
  /** Whether this version of the sandbox answers on the resource. */
  readonly emulated: boolean
}

/** One refusal: its status, its text and the whole body that carries it. */
export interface ErrorFacts {
  readonly status: number
  readonly text: string
  readonly body: Readonly<Record<string, unknown>>
  readonly source: FactSource
}

/** The authorization server of one service, as far as people sign in there. */
export interface AuthorizationServerFacts {
  readonly issuer: string
  readonly authorize: string
  readonly token: string
  readonly register: string
  readonly revoke?: string
  readonly resourceMetadata: string
  /** What its tokens are for. */
  readonly resource: string
  readonly tokenFormat: 'jwt' | 'opaque'
  /** Of each address or form above, where it is from. */
  readonly sources: Readonly<
    Record<'issuer' | 'endpoints' | 'resourceMetadata' | 'resource' | 'tokenFormat', FactSource>
  >
  /** Seconds; nothing but "short-lived" is documented, for Pensyve. */
  readonly accessTokenLifetime: number
  /** Whether this version of the sandbox answers there. */
  readonly emulated: boolean
}

/** What is known of one service, as plain data, written from its page and independent of any client. */
export interface ServiceFacts<ErrorName extends string = string> {
  readonly name: ServiceName
  readonly title: string
  /** The documented origins on which the sandbox answers. */
  readonly origins: readonly string[]
  readonly resources: readonly ResourceFacts[]
  readonly key: {
    /** Undefined when keys are opaque. */
    readonly prefix: string | undefined
    /** The whole format, as a regular expression's source. */
    readonly pattern: string
    readonly source: FactSource
  }
  readonly client?: {
    readonly idPrefix: string
    readonly idPattern: string
    readonly secretPrefix: string
    readonly secretPattern: string
    readonly source: FactSource
  }
  readonly env: { readonly apiKey: string; readonly source: FactSource }
  /** Scope of a key, and the operations it may call. */
  readonly scopes: Readonly<Record<string, readonly string[]>>
  readonly defaultScope?: string
  readonly errors: Readonly<Record<ErrorName, ErrorFacts>>
  readonly tokenEndpoint?: { readonly url: string; readonly grants: readonly string[]; readonly source: FactSource }
  /** Where people are signed in. */
  readonly authorizationServer?: AuthorizationServerFacts
  /** The page on which a person makes and ends keys. */
  readonly keysPage: { readonly url: string; readonly source: FactSource }
  /** The day the hosted service closed, if it has. */
  readonly closedOn?: string
}

/** The response that a refusal is, with headers of its own where given. */
export function refusal(error: ErrorFacts, headers?: Record<string, string>): Response {
  return Response.json(error.body, { status: error.status, ...(headers === undefined ? {} : { headers }) })
}
