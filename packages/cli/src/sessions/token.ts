import { type Credential, PentauthError, type Service } from '@pentauth/core'
import { createAuth } from '@pentauth/node'
import type { Host } from '../host.ts'
import { resourceUrl } from '../resource-choice.ts'
import { serviceFor } from '../service-choice.ts'
import type { ServiceOptions } from '../service-options.ts'
import { shownAddress } from '../words.ts'

export interface TokenOptions extends ServiceOptions {
  readonly printToken?: boolean
  readonly printKey?: boolean
  readonly resource?: string
  readonly json?: boolean
}

/**
 * Prints the secret itself, where a flag names the kind that it is.
 *
 * @throws PentauthError `invalid_option` without the flag, and those of `auth.credential`.
 */
export async function printToken(name: string, options: TokenOptions, host: Host): Promise<void> {
  const { printToken, printKey, account, resource, json } = options
  const service = await serviceFor(name, options, host)
  if (!printToken && !printKey) throw notMeant(service, name)
  const auth = createAuth(service, { env: host.env, account })
  const credential = await auth.credential(resourceUrl(auth.service, resource, 'mcp'))
  const { kind, source, secret } = credential
  if (!(kind === 'api-key' ? printKey : printToken)) throw otherKind(auth.service, credential)
  if (host.stdout.isTTY)
    host.stderr.write(`Whoever sees this ${nameOf(kind)} can use it, and so can whoever reads your terminal's log.\n`)
  if (kind === 'access-token' && credential.boundTo)
    host.stderr.write('The token is bound to a key (DPoP) and of no use without it: take `pentauth headers`.\n')
  const value = secret.reveal()
  const expiresAt = kind === 'access-token' ? credential.expiresAt : undefined
  host.stdout.write(`${json ? JSON.stringify({ kind, source, value, expiresAt }) : value}\n`)
}

function nameOf(kind: Credential['kind']): string {
  return kind === 'api-key' ? 'API key' : 'access token'
}

function notMeant({ id, name: title }: Service, name: string): PentauthError {
  return new PentauthError({
    code: 'invalid_option',
    message: `A secret that is printed ends up in logs and histories, so the ${title} token is not.`,
    service: id,
    hint: `Programs take \`pentauth headers ${shownAddress(name)}\`; where it has to be, say --print-token (or --print-key).`,
  })
}

function otherKind({ id, name }: Service, { kind, source }: Credential): PentauthError {
  return new PentauthError({
    code: 'invalid_option',
    message: `What ${name} is called with here is the ${nameOf(kind)} from ${source}.`,
    service: id,
    hint: `Say ${kind === 'api-key' ? '--print-key' : '--print-token'} if that is to be printed.`,
  })
}
