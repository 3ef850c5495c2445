import type { AccountTypes } from './accounts.ts'
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
  readonly key?: KeyInfo
}

/** What a request says about its sender: what it presented, and who that is, if the service accepts it. */
export interface Identity<S extends ServiceName = ServiceName> {
  readonly presented?: PresentedCredential | undefined
  readonly holder?: Holder<S> | undefined
}

/** One request on its way through a service. */
export interface Exchange<S extends ServiceName = ServiceName> {
  readonly request: Request
  readonly url: URL
  /** Replaced by an operation that finds the credential elsewhere, as a token endpoint does in the body. */
  identity: Identity<S>
}

/** One operation of a service: where it is, and how it answers. */
export interface Operation<S extends ServiceName = ServiceName> {
  readonly name: string
  /** One of the service's further origins; without it, the service's own. */
  readonly origin?: string
  /** `*` takes any method. */
  readonly method: 'GET' | 'POST' | '*'
  /** An exact path, or a prefix that ends with `/*`. */
  readonly path: string
  answer(exchange: Exchange<S>): Response | Promise<Response>
}

/** One service of the kernel: everything it does is in `operations`. */
export interface Service<S extends ServiceName = ServiceName> {
  readonly name: S
  readonly origin: string
  /** Further documented origins, on which some operations are. */
  readonly furtherOrigins?: readonly string[]
  readonly operations: readonly Operation<S>[]
  /** Reads and looks up the credential; refuses nothing, so that public operations can share it. */
  identify(request: Request): Promise<Identity<S>>
  /** The answer to a path or method that the service does not have. */
  notFound(exchange: Exchange<S>): Response
  /** Headers for every response of the service. */
  stamp?(headers: Headers): void
}

/** The operation of a service that a request is for. */
export function findOperation(operations: readonly Operation[], method: string, path: string): Operation | undefined {
  return operations.find(
    (operation) => (operation.method === '*' || operation.method === method) && coversPath(operation.path, path),
  )
}

function coversPath(pattern: string, path: string): boolean {
  if (!pattern.endsWith('/*')) return pattern === path
  return path === pattern.slice(0, -2) || path.startsWith(pattern.slice(0, -1))
}
