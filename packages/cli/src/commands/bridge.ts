import { Command, Option } from 'commander'
import type { BridgeOptions } from '../bridge/bridge-options.ts'
import type { CommandMaker } from '../command.ts'
import { oneMore, portNumber } from '../option-values.ts'
import { serviceArgument, withServiceOptions } from '../service-options.ts'

export const bridgeCommand: CommandMaker = (host) =>
  withServiceOptions(
    new Command('bridge')
      .description('speak MCP on stdin and stdout for a server on the web: for clients without OAuth or headers')
      .argument('<service>', serviceArgument)
      .addOption(
        new Option('--transport <kind>', 'Streamable HTTP, the older HTTP with SSE, or what the server has')
          .choices(['auto', 'http', 'sse'])
          .default('auto'),
      )
      .option('--header <header>', `a header for this server alone, as 'Name: \${VARIABLE}'; may be repeated`, oneMore)
      .option(
        '--ignore-tool <pattern>',
        'a tool that the client gets neither to see nor to call; may be repeated',
        oneMore,
      )
      .option('--messages <path>', 'where a server of HTTP with SSE takes messages, if not beside /sse')
      .option('--no-sign-in', 'open no browser: answer with an error that says how to sign in')
      .option('--scope <scopes>', 'what a sign-in asks for')
      .option('--port <number>', 'the port of this machine that the browser comes back to', portNumber)
      .option('--json', 'say what keeps it from starting as one JSON object')
      .option('--debug', 'one line on stderr for each message: no content, no secret'),
  ).action(async (service: string, options: BridgeOptions) => {
    const { bridge } = await import('../bridge/bridge.ts')
    await bridge(service, options, host)
  })
