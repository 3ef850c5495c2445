import type { JSONWebKeySet } from 'jose'
import { randomHex, sha256 } from '../secrets.ts'

/** How a client says at the token endpoint that it is itself. */
export type TokenEndpointAuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'

/** One app that may ask people to sign in. */
export interface OAuthClient {
  readonly id: string
  readonly name: string
  readonly redirectUris: readonly string[]
  readonly authMethod: TokenEndpointAuthMethod
  /** The public keys of one that signs assertions. */
  readonly keys?: JSONWebKeySet | undefined
  /** The subject of the CI system whose tokens speak for it, in the place of keys. */
  readonly workload?: string | undefined
  readonly grantTypes: readonly string[]
  /** The scopes it may ask for; without it all. */
  readonly scopes?: readonly string[] | undefined
}

/** The apps that one authorization server knows by itself. */
export interface OAuthClients {
  add(client: Omit<OAuthClient, 'id'>, secret?: string): OAuthClient
  find(id: string): OAuthClient | undefined
  hasSecret(id: string, secret: string): Promise<boolean>
  delete(id: string): boolean
}

/** Makes an empty register of apps. */
export function createOAuthClients(): OAuthClients {
  const stored = new Map<string, { readonly client: OAuthClient; readonly digest: Promise<string> | undefined }>()
  return {
    add(metadata, secret) {
      const client: OAuthClient = { id: `client_${randomHex(24)}`, ...metadata }
      stored.set(client.id, { client, digest: secret === undefined ? undefined : sha256(secret) })
      return client
    },
    find: (id) => stored.get(id)?.client,
    async hasSecret(id, secret) {
      const digest = await stored.get(id)?.digest
      return digest !== undefined && digest === (await sha256(secret))
    },
    delete: (id) => stored.delete(id),
  }
}
