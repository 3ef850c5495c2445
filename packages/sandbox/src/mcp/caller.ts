import type { AccountTypes } from '../accounts.ts'
import type { KeyInfo } from '../keys.ts'
import { apiKeyHeaderOf, bearerOf } from '../presented-credential.ts'
import type { Identity } from '../service.ts'
import type { ServiceName } from '../service-name.ts'

/** Who calls an MCP endpoint, by whatever credential. */
export interface McpCaller<S extends ServiceName = ServiceName> {
  readonly account: AccountTypes[S]
  readonly via: 'api-key' | 'access-token'
  /** What the credential may do, at a service that has scopes. */
  readonly scopes?: readonly string[] | undefined
  /** The key used, if it was one. */
  readonly key?: KeyInfo | undefined
  /** The app whose access token was used, if it was one. */
  readonly clientId?: string | undefined
}

/** What became of the credential of a request: undefined is one that the service does not accept. */
export type FoundCaller<S extends ServiceName = ServiceName> = McpCaller<S> | 'missing' | undefined

/** Looks up the credential of a request; the endpoints do not know how keys and tokens are kept. */
export type FindCredential<S extends ServiceName = ServiceName> = (request: Request) => Promise<FoundCaller<S>>

/**
 * What the kernel notes of a caller. `keyPattern` tells a refused key from a refused token, since the service itself can
 * no longer say which it was.
 */
export function identityOf<S extends ServiceName>(
  found: FoundCaller<S>,
  headers: Headers,
  keyPattern: string,
): Identity<S> {
  const value = bearerOf(headers)
  if (value === undefined) {
    // No MCP endpoint takes this header, but who sent it should find it in the journal.
    const key = apiKeyHeaderOf(headers)
    return key === undefined ? {} : { presented: { kind: 'api-key', header: 'x-api-key', value: key } }
  }
  const looksLike = new RegExp(keyPattern).test(value) ? 'api-key' : 'access-token'
  if (found === undefined || found === 'missing') {
    return { presented: { kind: looksLike, header: 'authorization', value } }
  }
  return {
    presented: { kind: found.via, header: 'authorization', value },
    holder: { account: found.account, ...(found.key === undefined ? {} : { key: found.key }) },
  }
}
