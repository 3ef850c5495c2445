import type { AccountTypes } from './accounts.ts'
import type { Outside } from './addresses.ts'
import type { KeyInfo } from './keys.ts'
import type { CredentialHeader, ServiceName } from './service-name.ts'

/** A credential as it came with a request, before anything is known about it. */
export interface PresentedCredential {
  readonly kind: 'api-key' | 'access-token' | 'client'
  readonly header: CredentialHeader | 'body'
  /** The secret, or for a client its id: shown nowhere, only looked up. */
  readonly value: string
}

/** The account a valid credential speaks for. */
export interface Holder<S extends ServiceName = ServiceName> {
  readonly account: AccountTypes[S]
  /** The API key used, if it was one. */
  readonly key?: KeyInfo | undefined
  /** The access token of a sign-in used, if it was one. */
  readonly token?: TokenInfo | undefined
}

/** What an access token of an authorization server stands for. */
export interface TokenInfo {
  readonly account: string
  readonly scopes: readonly string[]
  readonly clientId: string
  /** The documented URL of the resource it is for. */
  readonly resource: string
}

/** What a request says about its sender: what it presented, and who that is, if the service accepts it. */
export interface Identity<S extends ServiceName = ServiceName> {
  readonly presented?: PresentedCredential | undefined
  readonly holder?: Holder<S> | undefined
  /** For a client, which speaks for no account: whether the service knows it. */
  readonly known?: boolean | undefined
}

/** One request on its way through a service. */
export interface Exchange<S extends ServiceName = ServiceName> {
  readonly request: Request
  /** On the documented origin. */
  readonly url: URL
  readonly outside: Outside
  /** Replaced by an operation that finds the credential elsewhere, as a token endpoint does in the body. */
  identity: Identity<S>
}

/** One operation of a service: where it is, and how it answers. */
export interface Operation<S extends ServiceName = ServiceName> {
  readonly name: string
  /** `*` takes any method. */
  readonly method: 'GET' | 'POST' | 'OPTIONS' | '*'
  /** The documented origin it is on (default: the service's first). */
  readonly origin?: string | undefined
  /** An exact path, or a prefix that ends with `/*`. */
  readonly path: string
  /** Whether pages of other origins may call it: always, unless the service's `cors` switch is off, or (not said) never. */
  readonly cors?: 'always' | 'switched' | undefined
  answer(exchange: Exchange<S>): Response | Promise<Response>
}

/** One service of the kernel: everything it does is in `operations`. */
export interface Service<S extends ServiceName = ServiceName> {
  readonly name: S
  /** The documented origins, the one of its REST API first. */
  readonly origins: readonly string[]
  readonly operations: readonly Operation<S>[]
  /** Reads and looks up the credential; refuses nothing, so that public operations can share it. */
  identify(request: Request): Promise<Identity<S>>
  /** The answer to a path or method that the service does not have. */
  notFound(exchange: Exchange<S>): Response
  /** Headers for every response of the service. */
  stamp?(headers: Headers): void
}

/** The operation of a service that a request to one of these origins is for, and the documented URL of the request. */
export function findOperation(
  service: Service,
  method: string,
  called: URL,
  origins: readonly string[],
): { readonly operation: Operation | undefined; readonly url: URL } {
  const originOf = (operation: Operation): string => operation.origin ?? service.origins[0] ?? ''
  const operation = service.operations.find(
    (one) =>
      origins.includes(originOf(one)) &&
      (one.method === '*' || one.method === method) &&
      coversPath(one.path, called.pathname),
  )
  const url = new URL(called)
  if (operation !== undefined) url.host = new URL(originOf(operation)).host
  return { operation, url }
}

function coversPath(pattern: string, path: string): boolean {
  if (!pattern.endsWith('/*')) return pattern === path
  return path === pattern.slice(0, -2) || path.startsWith(pattern.slice(0, -1))
}
