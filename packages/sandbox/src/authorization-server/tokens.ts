import { outsideOf } from '../addresses.ts'
import { SandboxError } from '../sandbox-error.ts'
import type { AuthorizationServer } from './authorization-server.ts'
import type { SignInService } from './configuration.ts'
import type { GrantFilter } from './grants.ts'

/** What tokens are made for. */
export interface TokenOptions {
  /** Default `ada`. */
  readonly account?: string | undefined
  /** Pensyve: default `mcp`. */
  readonly scopes?: readonly string[] | undefined
  /** A registered client (default: one made for this). */
  readonly clientId?: string | undefined
  /** The resource it is for (default: the service's MCP URL); a token for any other is refused by the service. */
  readonly resource?: string | undefined
  /** The addresses of a listening sandbox, for a token that names them. */
  readonly origins?: Readonly<Record<string, string>> | undefined
}

/** A pair of tokens, as a sign-in would have given it. */
export interface IssuedTokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly clientId: string
  readonly scopes: readonly string[]
  /** Milliseconds since 1970, on the sandbox's clock. */
  readonly expiresAt: number
}

/** Tokens of the authorization servers, for tests: what a service would do behind a client's back. */
export interface Tokens {
  /**
   * Makes a pair of tokens without a browser.
   *
   * @throws {SandboxError} `unknown_account`, `invalid_scope`, `unknown_client`
   * @example
   * const { accessToken } = await sandbox.tokens.issue('pensyve', { scopes: ['mcp:read'] })
   */
  issue(service: SignInService, options?: TokenOptions): Promise<IssuedTokens>
  /** Ends access tokens as if their time were over; refresh tokens stay. Returns how many. */
  expire(service: SignInService, filter?: GrantFilter): number
  /** Revokes access tokens before their time, so that clients still hold them to be good; refresh tokens stay. */
  revokeAccessTokens(service: SignInService, filter?: GrantFilter): number
  /**
   * How many requests reached the token endpoint, refused ones included; one that a fault answered did not reach it.
   *
   * @example
   * sandbox.tokens.requests('pendium', 'refresh_token')
   */
  requests(service: SignInService, grantType?: string): number
  /** Pensyve signs with a new key from now on; the old one stays in its key set, and old tokens stay good. */
  rotateSigningKey(service: 'pensyve'): void
}

/** Makes the handle on the tokens of all services. */
export function createTokens(
  servers: Readonly<Record<SignInService, AuthorizationServer>>,
  deps: Dependencies,
): Tokens {
  const end = (service: SignInService, filter: GrantFilter = {}): number =>
    servers[service].grants.endAccessTokens(filter)
  return {
    async issue(service, options = {}) {
      const { configuration, clients, grants, issue } = servers[service]
      const account = deps.accountId(service, options.account)
      const scopes = options.scopes ?? Object.keys(configuration.scopes).slice(0, 1)
      const unknown = scopes.find((scope) => !Object.hasOwn(configuration.scopes, scope))
      if (unknown !== undefined) throw invalidScope(service, unknown, Object.keys(configuration.scopes))
      const client =
        options.clientId === undefined
          ? clients.add({
              name: 'Tokens for a test',
              redirectUris: [],
              authMethod: 'none',
              grantTypes: ['authorization_code', 'refresh_token'],
            })
          : clients.find(options.clientId)
      if (client === undefined) throw unknownClient(service)
      const resource = options.resource ?? configuration.resources[0].url
      const { id: clientId, name: clientName } = client
      const grant = grants.add({ account, clientId, clientName, scopes, resource, mayRefresh: true })
      const refreshToken = await grants.newRefreshToken(grant, configuration.refreshTokenLifetime)
      const { access_token: accessToken, expires_in: lifetime } = await issue(grant, {
        outside: outsideOf(options.origins),
      })
      return { accessToken, refreshToken, clientId, scopes, expiresAt: deps.now() + lifetime * 1000 }
    },
    expire: end,
    revokeAccessTokens: end,
    requests(service, grantType) {
      const counts = servers[service].requests
      if (grantType !== undefined) return counts.get(grantType) ?? 0
      return [...counts.values()].reduce((sum, count) => sum + count, 0)
    },
    rotateSigningKey: (service) => servers[service].signing.rotate(),
  }
}

interface Dependencies {
  /** The id of an account that exists. */
  accountId(service: SignInService, id: string | undefined): string
  now(): number
}

const invalidScope = (service: SignInService, scope: string, scopes: readonly string[]): SandboxError =>
  new SandboxError({
    code: 'invalid_scope',
    message: `${service} has no token scope ${JSON.stringify(scope)}.`,
    hint: scopes.length === 0 ? 'Its tokens have no scope.' : `It has ${scopes.join(', ')}.`,
  })

const unknownClient = (service: SignInService): SandboxError =>
  new SandboxError({
    code: 'unknown_client',
    message: `The ${service} sandbox has no registered client with this id.`,
    hint: 'Register one with clients.register, or leave clientId out.',
  })
