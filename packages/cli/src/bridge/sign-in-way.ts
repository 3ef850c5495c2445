import { PentauthError } from '@pentauth/core'
import type { SignInWanted, SignInWay } from '@pentauth/mcp'
import { type Environment, signIn } from '@pentauth/node'
import type { ServiceOptions } from '../service-options.ts'

export interface SignInWishes extends Pick<ServiceOptions, 'account'> {
  readonly signIn: boolean
  readonly scope?: string
  readonly port?: number
}

/** Has the person sign in in their browser while the request waits, or says what to run where there is none. */
export function signInWay(
  wishes: SignInWishes,
  { env, command, signal }: { readonly env: Environment; readonly command: string; readonly signal: AbortSignal },
): SignInWay {
  const { account, scope, port } = wishes
  return async ({ service, resource, challenge, reason }) => {
    // A key, or a program's own sign-in, is all that mends it.
    if (!(service.oauth?.grants ?? ['authorization_code']).includes('authorization_code')) throw reason
    const elsewhere = (error: PentauthError) => signInElsewhere(error, { service, resource, account, command, reason })
    if (!wishes.signIn) throw elsewhere(reason)
    try {
      const place = { account, scope, port, signal, env }
      await signIn(service, { ...place, resource, challenge, unattended: true })
    } catch (error) {
      if (!PentauthError.isInstance(error) || error.code !== 'sign_in_required') throw error
      throw elsewhere(error)
    }
  }
}

interface Elsewhere extends Pick<SignInWanted, 'service' | 'resource' | 'reason'> {
  readonly account: string | undefined
  readonly command: string
}

/** The same error with the command that leads out; it works from the next request on. */
function signInElsewhere(
  error: PentauthError,
  { service, resource, account, command, reason }: Elsewhere,
): PentauthError {
  const { code, message, hint, tried } = error
  const said = hint === undefined ? message : message.slice(0, -hint.length).trim()
  const who = account === undefined ? '' : ` as ${account}`
  const key = service.resources[resource]?.apiKey && service.apiKey?.env
  const orKey = reason.code === 'no_credential' && key ? ` Or start it with ${key} set.` : ''
  return new PentauthError({
    code,
    message: code === 'no_credential' ? `Nobody is signed in to ${service.name}${who}.` : said,
    service: service.id,
    tried,
    hint: `Run \`${command}\` in a terminal and try again; the bridge need not be started again.${orKey}`,
    cause: error,
  })
}
