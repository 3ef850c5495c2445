import { Argument, Command } from 'commander'
import type { CommandMaker } from '../command.ts'

const shells = ['bash', 'zsh', 'fish', 'powershell'] as const

export const completionCommand: CommandMaker = (host) =>
  new Command('completion')
    .description('print a script that lets a shell complete commands, options, services, clients and accounts')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .option('--json', 'print one JSON object')
    .action(async (shell: (typeof shells)[number], { json }: { json?: boolean }) => {
      const { completionScripts } = await import('../completion/completion-scripts.ts')
      const script = completionScripts[shell]
      host.stdout.write(json ? `${JSON.stringify({ shell, script })}\n` : script)
    })

/** What the scripts ask; people have no use for it. */
export const completeCommand: CommandMaker = (host) =>
  new Command('complete')
    .argument('[words...]', 'what is typed so far, the last one perhaps in part')
    .action(async (words: readonly string[], _: object, { parent }: Command) => {
      if (!parent) return
      const { completionsOf } = await import('../completion/completion.ts')
      const found = await completionsOf(parent, words, host)
      host.stdout.write(found.map(({ word, about }) => `${word}\t${about}\n`).join(''))
    })
