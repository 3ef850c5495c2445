import { listAccounts, type SavedSession, switchAccount } from '@pentauth/node'
import type { Host } from '../host.ts'
import type { ServiceOptions } from '../service-options.ts'
import { asJson, lifeOf, plain, shownAddress, titleOf } from '../words.ts'
import { movedService } from './moved-service.ts'
import { savedFor } from './saved.ts'
import { table } from './table.ts'

export interface AccountsOptions extends ServiceOptions {
  readonly switch?: string
  readonly json?: boolean
}

/**
 * Lists the accounts of a service, or makes one of them the one that is used.
 *
 * @throws PentauthError `sign_in_required` for an account that is not signed in, `store_failed`.
 */
export async function listOrSwitch(name: string, options: AccountsOptions, host: Host): Promise<void> {
  const { env, stdout, stderr } = host
  const service = await movedService(name, options, host)
  const title = titleOf(service)
  if (options.switch !== undefined) {
    await switchAccount(service, options.switch, { env })
    stderr.write(`${title} is used as ${plain(options.switch)} from now on, where no account is named.\n`)
  }
  if (options.json) {
    stdout.write(asJson({ service: service.id, accounts: await listAccounts(service, { env }) }))
  } else if (options.switch === undefined) {
    const { sessions, current } = await savedFor(service, host)
    if (sessions.length === 0) stderr.write(`Nobody is signed in to ${title}: pentauth login ${shownAddress(name)}\n`)
    stdout.write(
      table(
        sessions.map((one) => rowOf(one, current)),
        stdout.columns,
      ).join(''),
    )
  }
}

/** `*` is the one that is used where none is named. */
function rowOf(session: SavedSession, current: string): readonly string[] {
  const { account, scopes } = session
  return [account === current ? '*' : ' ', plain(account), lifeOf(session), scopes ? plain(scopes.join(' ')) : '']
}
