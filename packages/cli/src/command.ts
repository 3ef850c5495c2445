import type { Command } from 'commander'
import type { Host } from './host.ts'

/** Makes a command: its arguments and options are known at once, what it does is loaded when it runs; `ended` takes one of our exit codes, or that of a program. */
export type CommandMaker = (host: Host, ended: (code: number) => void) => Command
