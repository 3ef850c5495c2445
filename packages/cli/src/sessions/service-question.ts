import { PentauthError } from '@pentauth/core'
import { services } from '@pentauth/core/services'
import { exitCodes } from '../exit-code.ts'
import type { Host } from '../host.ts'

const elsewhere = 'another'

/**
 * Asks the person at the terminal which service is meant.
 *
 * @throws PentauthError `invalid_option` where nobody can be asked.
 */
export async function askForService({ stdin, stderr }: Host): Promise<string> {
  const people = services.filter(({ oauth }) => oauth?.grants.includes('authorization_code'))
  if (!stdin.isTTY || !stderr.isTTY)
    throw new PentauthError({
      code: 'invalid_option',
      message: 'No service is named, and there is no terminal to ask at.',
      hint: `Name it: pentauth login ${people.map(({ id }) => id).join(', ')}, or the address of an MCP server.`,
    })
  const { isCancel, select, text } = await import('@clack/prompts')
  // A terminal may not say how wide it is.
  const terminal = { input: stdin, output: Object.assign(stderr, { columns: stderr.columns || 80 }) }
  const chosen = await select({
    ...terminal,
    message: 'Sign in to which service?',
    options: [
      ...people.map(({ id, name, resources }) => ({ value: id, label: name, hint: Object.keys(resources).join(', ') })),
      { value: elsewhere, label: 'Another MCP server', hint: 'by its address' },
    ],
  })
  const asked =
    chosen === elsewhere
      ? await text({ ...terminal, message: 'Its address?', placeholder: 'https://mcp.example.com/mcp' })
      : chosen
  // As by the signal, whose key the prompt has taken.
  if (isCancel(asked)) process.exit(exitCodes.interrupted)
  return asked
}
