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
  if (signIn !== undefined && typeof signIn !== 'function') throw notAWay(auth)
  const closing = new AbortController()
  const { connection, failure } = noted(authorizedConnection({ auth, ...target, signIn, closed: closing.signal }))
  const made = new Transport(new URL(target.endpoint), { ...transport, ...connection } as Options)
  return closedBy(explained(made, failure), closing)
}

/** Has nobody wait for a sign-in once the transport is closed. */
function closedBy<Transport>(transport: Transport, closing: AbortController): Transport {
  const { close } = transport as { close?: (this: Transport) => Promise<void> }
  if (typeof close !== 'function') return transport
  const closingToo = () => {
    closing.abort()
    return close.call(transport)
  }
  return Object.defineProperty(transport, 'close', { value: closingToo, configurable: true, writable: true })
}

function notAWay({ service }: Auth): PentauthError {
  return new PentauthError({
    code: 'invalid_option',
    message: 'createTransport: the option "signIn" is no function.',
    service: service.id,
    hint: 'Give one that has somebody sign in, such as signInAsError({ store, redirectUri }), or leave it out.',
  })
}

/** Where an `Auth` speaks MCP. */
export interface McpResource {
  /** Its name in the service. */
  readonly resource: string
  readonly url: string
  /** Where messages go: the URL, with its query where it has one. */
  readonly endpoint: string
}

function notAnAuth(): PentauthError {
  return new PentauthError({
    code: 'invalid_option',
    message: 'The adapter was given something that is no Auth.',
    hint: 'Make one with createAuth(service, …) of @pentauth/core, @pentauth/node or @pentauth/browser.',
  })
}

/**
 * The resource that speaks MCP.
 *
 * @throws PentauthError `invalid_option`.
 */
export function mcpResource(auth: Auth, name: string | undefined): McpResource {
  const { service }: Partial<Auth> = auth ?? {}
  if (typeof service?.resources !== 'object') throw notAnAuth()
  const all = Object.entries<Resource>(service.resources)
  const found = all.find(([own, { protocol }]) => protocol === 'mcp' && (name ?? own) === own)
  if (found) {
    const [resource, { url, audience = url }] = found
    // A server whose address has a query is one resource with it.
    return { resource, url, endpoint: audience.replace(/\?.*$/, '') === url ? audience : url }
  }
  throw new PentauthError({
    code: 'invalid_option',
    message:
      name === undefined
        ? `${service.name} has no resource that speaks MCP.`
        : `${service.name} has no resource ${JSON.stringify(String(name).slice(0, 60))} that speaks MCP.`,
    service: service.id,
    hint: `It has ${all.map(([own, { protocol }]) => `${own} (${protocol})`).join(', ')}.`,
  })
}
