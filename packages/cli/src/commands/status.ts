import { Command } from 'commander'
import type { CommandMaker } from '../command.ts'
import { serviceArgument, withServiceOptions } from '../service-options.ts'
import type { StatusOptions } from '../sessions/status.ts'

export const statusCommand: CommandMaker = (host, ended) =>
  withServiceOptions(
    new Command('status')
      .description('show which credential is used where, and why; asks no server')
      .argument('[service]', serviceArgument)
      .option('--check', 'ask each service whether it takes the credential')
      .option('--dotenv [path]', 'look into a .env file too, as programs do that are told to')
      .option('--json', 'print one JSON object'),
  ).action(async (service: string | undefined, options: StatusOptions) => {
    const { showStatus } = await import('../sessions/status.ts')
    ended(await showStatus(service, options, host))
  })
