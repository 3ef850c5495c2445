import { styleText } from 'node:util'
import { PentauthError } from '@pentauth/core'
import { type ExitCode, exitCodeOf, exitCodes } from './exit-code.ts'
import type { Host } from './host.ts'
import { asJson, plain } from './words.ts'

/** Says on stderr why a command came to nothing, as text or as one JSON object, and how the process is to end. */
export function reportFailure(error: unknown, host: Pick<Host, 'stderr' | 'env'>, json: boolean): ExitCode {
  if (!PentauthError.isInstance(error)) return reportMistake(error, host, json)
  const { code, docs, retryable, message } = error
  write(host, json, factsOf(error), `${plain(atTerminal(message)).trimEnd()}\n  (${code}: ${docs})`)
  return retryable ? exitCodes.tryAgain : exitCodeOf(code)
}

/** A mistake of ours: what it says may repeat anything, so only what it is and where is told. */
function reportMistake(error: unknown, host: Pick<Host, 'stderr' | 'env'>, json: boolean): ExitCode {
  const { name = typeof error, code, message: text = '', stack = '' } = (error ?? {}) as Partial<NodeJS.ErrnoException>
  const what = code === undefined ? name : `${name} ${code}`
  const isDebugging = host.env.PENTAUTH_DEBUG === '1'
  const message = `This is a mistake of pentauth itself (${what}).${isDebugging ? '' : ' PENTAUTH_DEBUG=1 shows where.'}`
  write(host, json, { code: 'internal_error', message }, message)
  // Lines of the message may look like frames.
  const frames = (text === '' ? stack : stack.replaceAll(text, '')).split('\n').filter((line) => /^ {4}at /.test(line))
  if (isDebugging) host.stderr.write(`${frames.join('\n')}\n`)
  return exitCodes.failed
}

function write({ stderr }: Pick<Host, 'stderr'>, json: boolean, facts: object, text: string): void {
  if (json) stderr.write(asJson({ error: facts }))
  else stderr.write(`${styleText('red', 'pentauth:', { stream: stderr })} ${text}\n`)
}

/** An error as data; servers have had a say in its texts, too, and JSON keeps those from moving a cursor. */
export function factsOf(error: PentauthError): ReturnType<PentauthError['toJSON']> {
  const facts = error.toJSON()
  const { message, hint, tried } = error
  const rows = tried?.filter(({ source }) => source !== option)
  return {
    ...facts,
    message: atTerminal(message),
    ...(hint === undefined ? {} : { hint: atTerminal(hint) }),
    ...(rows ? { tried: rows.map((row) => (row.next ? { ...row, next: atTerminal(row.next) } : row)) } : {}),
  }
}

/** What only a program can give. */
const option = 'option "credential"'

/** What the libraries tell programs, as somebody at a terminal needs it: commands in place of lines of code. */
function atTerminal(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith(`  - ${option}:`))
    .join('\n')
    .replace(/await signIn\([^\n]*?, or run: /g, '')
    .replace(/await signIn\([^\n]*?\)(?=[,.]|$)/gm, 'pentauth login, with the same definition')
    .replace(/ or the option "folder"/g, '')
    .replace(/, or pass redirect: 'manual' to see the answer/g, '')
    .replace('Use relocate() for a deployment of your own.', 'Set <SERVICE>_BASE_URL for a deployment of your own.')
    .replace(/\bclientConfig\b/g, 'mcp config')
    .replace('For any MCP server use mcpService(url).', 'For any MCP server give its address.')
    .replace(/\b(?:createTransport|mcpService|clientConfig): (?=the option)/gi, '')
    .replace(
      /\bthe option "(\w+)"/gi,
      (_, name: string) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    )
}
