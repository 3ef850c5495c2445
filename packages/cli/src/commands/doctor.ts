import { Command, Option } from 'commander'
import type { CommandMaker } from '../command.ts'
import type { DoctorOptions } from '../doctor/doctor.ts'
import { serviceArgument, withServiceOptions } from '../service-options.ts'

export const doctorCommand: CommandMaker = (host, ended) =>
  withServiceOptions(
    new Command('doctor')
      .description(
        'examine how a server signs people in: what was asked, what came back, which rule it breaks, what to do',
      )
      .argument('<service>', serviceArgument)
      .option('--resource <name>', 'which of its resources; its MCP server unless given')
      .option('--register', 'register a client, too, which stays there where the server has no way to remove it')
      .option('--sign-in', 'sign in, too, and use, renew and revoke what comes of it; nothing is saved')
      .option('--scope <scopes>', 'what to sign in for')
      .option('--redirect-uri <uri>', 'as it is registered for --client-id; any free port of this machine unless given')
      .option('--page <origin>', 'the page that CORS is examined for', 'http://localhost:6274')
      .option('--timeout <seconds>', 'how long to wait for each answer', '10')
      .option('--json', 'print the report as JSON')
      .option('--html [file]', 'write the report as one page into the file, or print it')
      .addOption(
        new Option('--fail-on <severity>', 'the least that ends with code 6')
          .choices(['error', 'warning'])
          .default('error'),
      ),
  ).action(async (service: string, options: DoctorOptions) => {
    const { doctor } = await import('../doctor/doctor.ts')
    ended(await doctor(service, options, host))
  })
