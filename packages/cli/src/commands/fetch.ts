import { Command, Option } from 'commander'
import type { FetchOptions } from '../calls/fetch.ts'
import type { CommandMaker } from '../command.ts'
import { oneMore } from '../option-values.ts'
import { serviceArgument, withServiceOptions } from '../service-options.ts'

export const fetchCommand: CommandMaker = (host, ended) =>
  withServiceOptions(
    new Command('fetch')
      .description('call a service with its credential, and print what it answers as it arrives')
      .argument('<service>', serviceArgument)
      .argument('[path]', 'below the address of the resource, or a whole URL of the service')
      .option('-X, --request <method>', 'the method; GET, or POST with a body')
      .option('-H, --header <name: value>', 'a header, as often as needed; not the credential', oneMore)
      .option('-d, --data <body>', 'the body: text, @file, or - for what comes on stdin')
      .option('-i, --include', 'print the status and the headers of the answer, too')
      .addOption(new Option('-o, --output <file>', 'write the body into a file').conflicts('json'))
      .option('--resource <name>', 'which of its resources; its REST API unless given')
      .option('--json', 'print status, headers and body as one JSON object'),
  ).action(async (service: string, path: string | undefined, options: FetchOptions) => {
    const { callService } = await import('../calls/fetch.ts')
    ended(await callService(service, path, options, host))
  })
