import { Command } from 'commander'
import type { CommandMaker } from '../command.ts'
import { serviceArgument, withServiceOptions } from '../service-options.ts'
import type { AccountsOptions } from '../sessions/account-list.ts'

export const accountsCommand: CommandMaker = (host) =>
  withServiceOptions(
    new Command('accounts')
      .description('list who is signed in to a service, and choose the one that is used')
      .argument('<service>', serviceArgument)
      .option('--switch <account>', 'use this account where none is named')
      .option('--json', 'print one JSON object'),
  ).action(async (service: string, options: AccountsOptions) => {
    const { listOrSwitch } = await import('../sessions/account-list.ts')
    await listOrSwitch(service, options, host)
  })
