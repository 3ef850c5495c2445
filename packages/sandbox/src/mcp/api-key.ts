import { bearerOf } from '../presented-credential.ts'
import type { ServiceName } from '../service-name.ts'
import type { SandboxState } from '../state.ts'
import type { FindCredential } from './caller.ts'

/** Finds callers by an API key in `Authorization: Bearer`, the one header in which an MCP endpoint looks. */
export function keyCallers<S extends ServiceName>({ accounts, keys }: SandboxState, service: S): FindCredential<S> {
  return async ({ headers }) => {
    const value = bearerOf(headers)
    if (value === undefined) return 'missing'
    const key = await keys.find(service, value)
    if (key === undefined) return undefined
    const scopes = key.scope === undefined ? undefined : [key.scope]
    return { account: accounts.get(service, key.account), via: 'api-key', key, scopes }
  }
}
