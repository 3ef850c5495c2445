import { SandboxError } from '../sandbox-error.ts'
import { randomHex } from '../secrets.ts'
import type { AuthorizationServer } from './authorization-server.ts'
import type { SignInService } from './configuration.ts'
import { agrees, type Grant, type GrantFilter } from './grants.ts'

/** An app that a person has connected, as the account's own page shows it. */
export interface ConnectedApp {
  readonly id: string
  readonly service: SignInService
  readonly account: string
  readonly clientId: string
  readonly name: string
  readonly scopes: readonly string[]
  /** Milliseconds since 1970, on the sandbox's clock. */
  readonly connectedAt: number
}

/** Connected apps: "you can review and revoke connected apps at any time", as Profundis has it. */
export interface Apps {
  /**
   * The apps that still have a working token, of one account or of all; several sign-ins of an app are one.
   *
   * @example
   * const [app] = sandbox.apps.list('profundis', { account: 'ada' })
   */
  list(service: SignInService, filter?: GrantFilter): readonly ConnectedApp[]
  /**
   * Disconnects an app: all its tokens for that account are dead at once.
   *
   * @throws {SandboxError} `unknown_app`
   */
  revoke(service: SignInService, id: string): void
}

/** Makes the view of the connected apps of all services. */
export function createApps(servers: Readonly<Record<SignInService, AuthorizationServer>>): Apps {
  const ids = new Map<string, string>()
  const idOf = (service: SignInService, { account, clientId }: Grant): string => {
    const key = JSON.stringify([service, account, clientId])
    const id = ids.get(key) ?? `app_${randomHex(12)}`
    ids.set(key, id)
    return id
  }
  const grantsOf = (service: SignInService, filter: GrantFilter): readonly Grant[] =>
    servers[service].grants.live().filter((grant) => agrees(grant, filter))
  return {
    list(service, filter = {}) {
      const grants = grantsOf(service, filter)
      return [...new Set(grants.map((grant) => idOf(service, grant)))].map((id) => {
        const own = grants.filter((grant) => idOf(service, grant) === id)
        return described(service, id, own)
      })
    },
    revoke(service, id) {
      const own = grantsOf(service, {}).filter((grant) => idOf(service, grant) === id)
      if (own.length === 0) {
        throw new SandboxError({
          code: 'unknown_app',
          message: `The ${service} sandbox has no connected app with this id.`,
          hint: 'apps.list shows the ids that are left.',
        })
      }
      for (const grant of own) grant.revoked = true
    },
  }
}

function described(service: SignInService, id: string, grants: readonly Grant[]): ConnectedApp {
  const latest = grants.at(-1)
  return {
    id,
    service,
    account: latest?.account ?? '',
    clientId: latest?.clientId ?? '',
    name: latest?.clientName ?? '',
    scopes: [...new Set(grants.flatMap(({ scopes }) => scopes))],
    connectedAt: Math.min(...grants.map(({ at }) => at)),
  }
}
