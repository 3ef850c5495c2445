import type { Accounts } from '../accounts.ts'
import type { Clock } from '../clock.ts'
import type { TokenEndpointAuthMethod } from './oauth-client.ts'

/** The services that sign people in. */
export type SignInService = 'pendium' | 'pensyve' | 'profundis'

/** What happens to a refresh token when it is used. */
export type RefreshRotation = 'strict' | 'grace' | 'none'

/** Switches that every authorization server has: none of the pages says how its refresh tokens behave. */
export interface SignInOptions {
  /**
   * `strict` (default): a refresh gives a new refresh token, and using the old one again ends the whole connection.
   * `grace`: the old one still works until the new one was used, so a lost answer can be asked for again. `none`: the
   * refresh token stays the same.
   */
  readonly refreshRotation?: RefreshRotation | undefined
  /** Offers the device grant of RFC 8628 (default false: no page names it). */
  readonly deviceAuthorization?: boolean | undefined
  /**
   * Takes programs without a person (default: nobody; no page names that): registered clients by client credentials, and jobs
   * of `sandbox.ci` by RFC 7523 and RFC 8693, where one of these entries means them.
   */
  readonly workloadIdentity?: readonly WorkloadTrust[] | undefined
}

/** Which jobs of the sandbox's CI system an authorization server trusts, and as whom. */
export interface WorkloadTrust {
  /** The `sub` of their tokens; one that ends with `*` is a prefix. */
  readonly subject: string
  /** An `aud` that is taken beside the issuer and the token endpoint. */
  readonly audience?: string | undefined
  /** Default `ada`. */
  readonly account?: string | undefined
  /** The scopes they may have (default: all). */
  readonly scopes?: readonly string[] | undefined
}

/** All switches of an authorization server; the last is Pendium's alone. */
export interface ServerOptions extends SignInOptions {
  readonly lastLoginWins?: boolean | undefined
}

/** How the authorization server of one service is set up; every URL is the documented or assumed one. */
export interface Configuration {
  readonly service: SignInService
  readonly title: string
  readonly issuer: string
  readonly endpoints: {
    /** The pages for people are at and below it. */
    readonly authorize: string
    readonly token: string
    readonly register: string
    readonly revoke?: string
    readonly jwks?: string
    readonly deviceAuthorization: string
    /** Where a person types the code of a device. */
    readonly device: string
  }
  /** What its tokens are for, each with the addresses of its metadata (RFC 9728). */
  readonly resources: readonly [ProtectedResource, ...ProtectedResource[]]
  /** The scopes it grants, in words for the consent page; the first is granted when none is asked for. */
  readonly scopes: Readonly<Record<string, string>>
  /** Those of them that metadata names. */
  readonly advertisedScopes: readonly string[]
  /** What somebody allows where there are no scopes, in words. */
  readonly allows: readonly string[]
  readonly authMethods: readonly TokenEndpointAuthMethod[]
  /** Seconds. */
  readonly accessTokenLifetime: number
  /** Seconds. */
  readonly refreshTokenLifetime: number
  /** Ed25519 JWTs, or opaque strings. */
  readonly tokenFormat: 'jwt' | 'opaque'
  /** "You sign in to Profundis (Google sign-in)". */
  readonly signIn: 'plain' | 'google'
  /** Why the account may not connect at all, if so. */
  refusalOf?(account: string): string | undefined
}

/** One resource that tokens are for. */
export interface ProtectedResource {
  readonly url: string
  /** Addresses of its metadata, the one that challenges name first. */
  readonly metadata: readonly [string, ...string[]]
}

/** What the parts of one authorization server share. */
export interface ServerContext {
  readonly configuration: Configuration
  readonly options: ServerOptions
  readonly accounts: Accounts
  readonly clock: Clock
}

/** Origin and path of a documented endpoint, as an operation has them. */
export function placeOf(url: string): { readonly origin: string; readonly path: string } {
  const { origin, pathname } = new URL(url)
  return { origin, path: pathname }
}
