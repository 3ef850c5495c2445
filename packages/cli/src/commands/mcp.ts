import { Command, Option } from 'commander'
import type { CommandMaker } from '../command.ts'
import type { ConfigOptions } from '../mcp-config/mcp-config.ts'
import { serviceArgument, withServiceOptions } from '../service-options.ts'

export const mcpCommand: CommandMaker = (host, ended) =>
  new Command('mcp')
    .description('MCP clients: their configuration')
    .helpCommand(false)
    .addCommand(
      withServiceOptions(
        new Command('config')
          .description('print what an MCP client must be told about a service, or write it into its file')
          .argument('<service>', serviceArgument)
          .option(
            '--client <client>',
            'claude-code, codex, gemini, vscode, cursor, windsurf, claude-desktop, cline, continue or zed',
          )
          .addOption(
            new Option(
              '--credential <way>',
              'how the client comes to a credential; what fits best unless given',
            ).choices(['api-key', 'oauth', 'helper', 'bridge']),
          )
          .addOption(new Option('--scope <scope>', 'whose file').choices(['user', 'project']).default('user'))
          .option('--variable <name>', 'the variable that holds the key')
          .option('--resource <name>', 'which of its MCP servers, where there are several')
          .option('--launcher <command>', 'how the client starts pentauth; as this one was started unless given')
          .optionsGroup('Writing:')
          .option('--write', 'write it into the file of the client, once you have seen the difference')
          .option('--dry-run', 'print the difference, and write nothing')
          .option('--yes', 'write without asking')
          .option('--replace', 'put the entry in the place of another one of its name')
          .option('--file <path>', 'the file, where the client has it elsewhere')
          .optionsGroup('Options:')
          .option('--json', 'print everything as one JSON object'),
      ).action(async (service: string, options: ConfigOptions) => {
        const { configureClient } = await import('../mcp-config/mcp-config.ts')
        ended(await configureClient(service, options, host))
      }),
    )
