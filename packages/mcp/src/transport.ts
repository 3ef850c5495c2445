import { type Auth, PentauthError, type Resource } from '@pentauth/core'
import { authorizedConnection } from './authorized-connection.ts'
import type { SignInWay } from './sign-in-wanted.ts'
import { explained, noted } from './start-failure.ts'

/** A transport of an SDK, by shape: `StreamableHTTPClientTransport` or `SSEClientTransport`, of v1 or v2. */
export type TransportClass<Transport, Options> = new (url: URL, options?: Options) => Transport

export interface TransportOptions<Options> {
  /** Name of the resource; the service's first that speaks MCP unless given. */
  readonly resource?: string | undefined
  /** Has somebody sign in where that helps; without it, an error says that a sign-in is needed. */
  readonly signIn?: SignInWay | undefined
  /** Everything else that the transport takes. */
  readonly transport?: Omit<NonNullable<Options>, 'fetch' | 'authProvider'> | undefined
}

/**
 * Makes a transport of the official SDK (v1 or v2) that authenticates: the one thing to learn.
 *
 * Exactly one layer renews tokens, ours: the SDK gets a `fetch` that sets the right header, renews once for all calls, and sends again,
 * and never sees a token. What no renewal mends rejects with a `PentauthError`: `credential_refused` for a key, `sign_in_required` or
 * `no_credential` where nobody is signed in, `insufficient_scope`; in v2's version negotiation it may be the `cause`, see `pentauthErrorIn`.
 *
 * @throws PentauthError `invalid_option` where the service has no such resource, or none that speaks MCP.
 * @example
 * ```ts
 * const transport = createTransport(StreamableHTTPClientTransport, auth)
 * await client.connect(transport)
 * ```
 */
export function createTransport<Transport, Options>(
  Transport: TransportClass<Transport, Options>,
  auth: Auth,
  options: TransportOptions<Options> = {},
): Transport {
  const { resource, signIn, transport }: TransportOptions<Options> = Object.assign(Object.create(null), options)
  const target = mcpResource(auth, resource)
  const { connection, failure } = noted(authorizedConnection({ auth, ...target, signIn }))
  return explained(new Transport(new URL(target.url), { ...transport, ...connection } as Options), failure)
}

/**
 * The resource that speaks MCP.
 *
 * @throws PentauthError `invalid_option`.
 */
export function mcpResource(
  { service }: Auth,
  name: string | undefined,
): { readonly resource: string; readonly url: string } {
  const all = Object.entries<Resource>(service.resources)
  const found = all.find(([own, { protocol }]) => (name === undefined ? protocol === 'mcp' : own === name))
  if (found) return { resource: found[0], url: found[1].url }
  throw new PentauthError({
    code: 'invalid_option',
    message:
      name === undefined
        ? `${service.name} has no resource that speaks MCP.`
        : `${service.name} has no resource ${JSON.stringify(name.slice(0, 60))}.`,
    service: service.id,
    hint: `It has ${all.map(([own, { protocol }]) => `${own} (${protocol})`).join(', ')}.`,
  })
}
