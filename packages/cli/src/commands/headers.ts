import { Command } from 'commander'
import type { HeadersOptions } from '../calls/headers.ts'
import type { CommandMaker } from '../command.ts'
import { wholeSeconds } from '../option-values.ts'
import { serviceArgument, withServiceOptions } from '../service-options.ts'

export const headersCommand: CommandMaker = (host) =>
  withServiceOptions(
    new Command('headers')
      .description('print the headers that carry the credential, as one JSON object, for programs that ask for them')
      .argument('<service>', serviceArgument)
      .option('--resource <name>', 'which of its resources; its MCP server unless given')
      .option('--min-life <seconds>', 'renew a token that ends sooner', wholeSeconds, 600)
      .option('--json', 'print a failure as JSON, too'),
  ).action(async (service: string, options: HeadersOptions) => {
    const { printHeaders } = await import('../calls/headers.ts')
    await printHeaders(service, options, host)
  })
