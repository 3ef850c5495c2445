import type { Accounts } from './accounts.ts'
import type { Apps } from './authorization-server/apps.ts'
import type { AuthorizationServers } from './authorization-server/servers.ts'
import type { ClientStore } from './clients.ts'
import type { Clock } from './clock.ts'
import type { KeyStore } from './keys.ts'
import type { SandboxOptions } from './options.ts'
import type { UsageLog } from './usage.ts'

/** What the five services of one sandbox share. */
export interface SandboxState {
  readonly options: SandboxOptions
  readonly clock: Clock
  readonly accounts: Accounts
  readonly keys: KeyStore
  readonly clients: ClientStore
  readonly usage: UsageLog
  readonly apps: Apps
  readonly authorizationServers: AuthorizationServers
}
