import { Command, Option } from 'commander'
import type { CommandMaker } from '../command.ts'
import { serviceArgument, withServiceOptions } from '../service-options.ts'
import type { TokenOptions } from '../sessions/token.ts'

export const tokenCommand: CommandMaker = (host) =>
  withServiceOptions(
    new Command('token')
      .description('print the secret itself, where nothing else will do; refuses unless a flag says that this is meant')
      .argument('<service>', serviceArgument)
      .addOption(new Option('--print-token', 'print the access token in clear text').conflicts('printKey'))
      .option('--print-key', 'print the API key in clear text, where that is what is used')
      .option('--resource <name>', 'which of its resources; its MCP server unless given')
      .option('--json', 'print one JSON object'),
  ).action(async (service: string, options: TokenOptions) => {
    const { printToken } = await import('../sessions/token.ts')
    await printToken(service, options, host)
  })
