import { Command } from 'commander'
import type { CommandMaker } from '../command.ts'
import { serviceArgument, withServiceOptions } from '../service-options.ts'
import type { LogoutOptions } from '../sessions/log-out.ts'

export const logoutCommand: CommandMaker = (host) =>
  withServiceOptions(
    new Command('logout')
      .description('delete a saved sign-in, and revoke it where the service has an endpoint for that')
      .argument('[service]', serviceArgument)
      .option('--all', 'every saved sign-in, or every one of the service')
      .option('--json', 'print one JSON object'),
  ).action(async (service: string | undefined, options: LogoutOptions) => {
    const { logOut } = await import('../sessions/log-out.ts')
    await logOut(service, options, host)
  })
