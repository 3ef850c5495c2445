import { Command, Option } from 'commander'
import type { CommandMaker } from '../command.ts'
import { portNumber } from '../option-values.ts'
import type { SandboxCommandOptions } from '../sandbox/sandbox.ts'

export const sandboxCommand: CommandMaker = (host, ended) =>
  new Command('sandbox')
    .description('start the five services on this machine, with a key for each, until Ctrl-C or for one command')
    .argument('[command...]', 'a command to run with their variables, behind --; its exit code is that of pentauth')
    .addOption(new Option('--port <number>', 'the first of five ports (default: free ones)').argParser(portNumber))
    .addOption(
      new Option('--shell <shell>', 'what the variables are written for (default: yours)').choices([
        'bash',
        'fish',
        'powershell',
      ]),
    )
    .option('--write-env <file>', 'write the variables there instead, in the form of .env, for as long as it runs')
    .option('--open', 'open the five consoles in the browser')
    .option('--device-grant', 'let devices sign in by a code, which no page of the services names')
    .option('--verbose', 'print a line for each request')
    .option('--until-stdin-closes', 'end with stdin, too, for programs that start it')
    .option('--json', 'print addresses and variables as one JSON document')
    .action(async (command: readonly string[], options: SandboxCommandOptions) => {
      const { runSandbox } = await import('../sandbox/sandbox.ts')
      ended(await runSandbox(command, options, host))
    })
