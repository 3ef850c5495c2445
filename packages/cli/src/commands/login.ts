import { Command } from 'commander'
import type { CommandMaker } from '../command.ts'
import { portNumber, wholeSeconds } from '../option-values.ts'
import { serviceArgument, withServiceOptions } from '../service-options.ts'
import type { LoginOptions } from '../sessions/log-in.ts'

export const loginCommand: CommandMaker = (host) =>
  withServiceOptions(
    new Command('login')
      .description('sign in with a browser, or without one: by a code, or by pasting the address that it ends at')
      .argument('[service]', serviceArgument)
      .option('--again', 'sign in even where somebody is signed in')
      .option('--scope <scopes>', 'what to ask for, separated by spaces')
      .option('--resource <name>', 'which of its resources; the first that people sign in to unless given')
      .option(
        '--port <number>',
        'the port of this machine that the browser comes back to; any free one unless given',
        portNumber,
      )
      .option('--redirect-uri <url>', 'where the browser comes back to, as it is registered')
      .option('--no-browser', 'open none, and show the page')
      .option('--timeout <seconds>', 'how long to wait for the person; 300 unless given', wholeSeconds)
      .option('--json', 'print one JSON object'),
  ).action(async (service: string | undefined, options: LoginOptions) => {
    const { logIn } = await import('../sessions/log-in.ts')
    await logIn(service, options, host)
  })
