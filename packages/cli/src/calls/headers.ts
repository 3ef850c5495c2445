import { createAuth } from '@pentauth/node'
import type { Host } from '../host.ts'
import { resourceUrl } from '../resource-choice.ts'
import { serviceFor } from '../service-choice.ts'
import type { ServiceOptions } from '../service-options.ts'

export interface HeadersOptions extends ServiceOptions {
  readonly resource?: string
  /** Seconds. */
  readonly minLife: number
}

/**
 * Prints the headers for a service's MCP server, or another of its resources.
 *
 * @throws PentauthError those of `auth.headers`, `invalid_option`.
 */
export async function printHeaders(name: string, options: HeadersOptions, host: Host): Promise<void> {
  const { account, resource, minLife } = options
  const { env, stdout, stderr } = host
  const auth = createAuth(await serviceFor(name, options, host), { env, account })
  const url = resourceUrl(auth.service, resource, 'mcp')
  const headers = await auth.headers(url, { minLife })
  if (stdout.isTTY) stderr.write('What follows is secret, and stays in the scrollback of this terminal.\n')
  stdout.write(`${JSON.stringify(headers)}\n`)
  if (env.PENTAUTH_DEBUG === '1') await tellShortLife()

  async function tellShortLife(): Promise<void> {
    const credential = await auth.credential(url)
    const expiresAt = credential.kind === 'access-token' ? credential.expiresAt : undefined
    const left = Math.floor(((expiresAt ?? Number.POSITIVE_INFINITY) - Date.now()) / 1000)
    if (left < minLife)
      stderr.write(`pentauth headers: the token has ${left} s left, and there is none that has ${minLife} s.\n`)
  }
}
