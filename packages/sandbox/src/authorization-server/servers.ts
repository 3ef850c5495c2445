import type { SandboxOptions } from '../options.ts'
import { pendiumAuthorization } from '../pendium/authorization.ts'
import { pensyveAuthorization } from '../pensyve/authorization.ts'
import { profundisAuthorization } from '../profundis/authorization.ts'
import { type AuthorizationServer, createAuthorizationServer, type ServerParts } from './authorization-server.ts'
import type { SignInService } from './configuration.ts'

/** The authorization server of each service that has one. */
export type AuthorizationServers = Readonly<Record<SignInService, AuthorizationServer>>

/** Makes the authorization servers of one sandbox. */
export function createAuthorizationServers(
  parts: Omit<ServerParts, 'options'>,
  options: SandboxOptions,
): AuthorizationServers {
  const { pendium, pensyve, profundis } = options
  return {
    pendium: createAuthorizationServer(pendiumAuthorization, { ...parts, options: pendium }),
    pensyve: createAuthorizationServer(pensyveAuthorization, { ...parts, options: pensyve }),
    profundis: createAuthorizationServer(profundisAuthorization(parts.accounts), { ...parts, options: profundis }),
  }
}
