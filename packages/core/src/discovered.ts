import type * as oauth from 'oauth4webapi'
import type { Challenge } from './challenge.ts'
import { type MetadataCache, metadataCache } from './metadata-cache.ts'

/** Where a resource gets its tokens. */
export interface Discovered {
  /** With what a sign-in uses, and no more: every endpoint in it may be asked. */
  readonly server: oauth.AuthorizationServer
  /** The value of the `resource` parameter (RFC 8707). */
  readonly resource: string
  /** What the resource says a token can be for. */
  readonly scopes?: readonly string[]
  /** `documented`: from the service's definition, since there is no metadata at all. */
  readonly source: 'metadata' | 'documented'
}

/** A server, and how long (ms) it is believed. */
export type Chosen = Pick<Discovered, 'server' | 'source'> & { readonly lifetime: number }

/** What was discovered, by resource; `forget(flow)` after a definitive refusal, so that a server that moved is found again. */
export type DiscoveryCache = MetadataCache<Discovered>

/** A cache in memory, for one program. */
export function discoveryCache(): DiscoveryCache {
  return metadataCache()
}

export interface DiscoverOptions {
  /** Of the answer that asked for a token; its `resource_metadata` is tried first. */
  readonly challenge?: Challenge | undefined
  /** The program's choice where a resource names several authorization servers. */
  readonly issuer?: string | undefined
  readonly cache?: DiscoveryCache | undefined
  /** How a person signs in, through a redirect unless given; or `token`: nobody does, a program gets tokens of its own. */
  readonly way?: 'redirect' | 'device' | 'token' | undefined
  /** Signs in where the metadata does not say whether the server checks PKCE: others could then use a stolen code. */
  readonly dangerouslyAllowMissingPkceMetadata?: boolean | undefined
}
