import * as oauth from 'oauth4webapi'
import type { Secret } from './credential.ts'

/** How a client proves itself at the token endpoint (RFC 6749 section 2.3, RFC 7523 section 2.2). */
export type ClientAuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'

/** A private key of Web Crypto; by shape, since not every program has the browser's types. */
export interface SigningKey {
  readonly type: string
  readonly extractable: boolean
  readonly algorithm: { readonly name: string }
  readonly usages: readonly string[]
}

/** An OAuth client as endpoints see it. */
export interface OAuthClient {
  readonly clientId: string
  readonly authMethod: ClientAuthMethod
  readonly clientSecret?: Secret | undefined
  readonly privateKey?: SigningKey | undefined
}

/** The proof that goes with each request of the client; form-encoded in the Authorization header, as the standard has it. */
export function clientAuthentication({ authMethod, clientSecret, privateKey }: OAuthClient): oauth.ClientAuth {
  if (authMethod === 'private_key_jwt' && privateKey) return oauth.PrivateKeyJwt(privateKey as CryptoKey)
  if (authMethod === 'client_secret_post' && clientSecret) return oauth.ClientSecretPost(clientSecret.reveal())
  if (authMethod === 'client_secret_basic' && clientSecret) return oauth.ClientSecretBasic(clientSecret.reveal())
  return oauth.None()
}
