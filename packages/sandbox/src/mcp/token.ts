import type { SignInService } from '../authorization-server/configuration.ts'
import { bearerOf } from '../presented-credential.ts'
import type { SandboxState } from '../state.ts'
import { keyCallers } from './api-key.ts'
import type { FindCredential } from './caller.ts'

/** Finds callers by an access token of a sign-in, or else by an API key. */
export function tokenCallers<S extends SignInService>(state: SandboxState, service: S): FindCredential<S> {
  const byKey = keyCallers(state, service)
  const server = state.authorizationServers[service]
  return async (request) => {
    const value = bearerOf(request.headers)
    const token = value === undefined ? undefined : await server.findAccessToken(value)
    if (token === undefined) return byKey(request)
    const { scopes, clientId } = token
    const account = state.accounts.get(service, token.account)
    return { account, via: 'access-token', clientId, scopes: scopes.length > 0 ? scopes : undefined }
  }
}
