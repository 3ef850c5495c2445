import { styleText } from 'node:util'
import { PentauthError } from '@pentauth/core'
import { mcpClients } from '@pentauth/mcp'
import { exitCodes } from '../exit-code.ts'
import type { Host } from '../host.ts'

/**
 * The client that a person chooses.
 *
 * @throws PentauthError `invalid_option` where there is nobody to ask.
 */
export async function chosenClient(host: Host): Promise<string> {
  if (!isAttended(host)) throw unattended('Which client is meant?', `Say --client ${mcpClients.join(', ')}.`)
  const { isCancel, select } = await import('@clack/prompts')
  const options = mcpClients.map((value) => ({ value, label: value }))
  const client = await select<string>({ message: 'Which client?', options, ...terminal(host) })
  return isCancel(client) ? interrupted() : client
}

/**
 * Whether a person agrees to a difference that they see.
 *
 * @throws PentauthError `invalid_option` where there is nobody to ask.
 */
export async function agreed(
  path: string,
  diff: string,
  { yes, json }: { readonly yes?: boolean; readonly json?: boolean },
  host: Host,
): Promise<boolean> {
  if (!yes || !json) host.stderr.write(coloured(diff, host))
  if (yes) return true
  if (!isAttended(host))
    throw unattended(
      `${path} was not written, since there is nobody to ask.`,
      'Say --yes to write without being asked.',
    )
  const { confirm, isCancel } = await import('@clack/prompts')
  const answer = await confirm({ message: `Write ${path}?`, initialValue: false, ...terminal(host) })
  return isCancel(answer) ? interrupted() : answer
}

function isAttended({ stdin, stderr }: Host): boolean {
  return stdin.isTTY === true && stderr.isTTY === true
}

/** One that does not say how wide it is would get a letter a line. */
function terminal({ stdin, stderr }: Host): { readonly input: NodeJS.ReadStream; readonly output: NodeJS.WriteStream } {
  return { input: stdin, output: Object.assign(stderr, { columns: stderr.columns || 80 }) }
}

/** As by the signal, whose key the prompt has taken. */
function interrupted(): never {
  process.exit(exitCodes.interrupted)
}

function coloured(diff: string, { stderr }: Host): string {
  const colours = { '+': 'green', '-': 'red', '@': 'cyan' } as const
  return diff.replace(/^([+@-]).*$/gm, (line, mark: keyof typeof colours) =>
    styleText(colours[mark], line, { stream: stderr }),
  )
}

function unattended(message: string, hint: string): PentauthError {
  return new PentauthError({ code: 'invalid_option', message, hint })
}
