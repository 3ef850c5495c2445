import { createAuth, errorFrom } from '@pentauth/node'
import { type ExitCode, exitCodes } from '../exit-code.ts'
import { reportFailure } from '../failure.ts'
import type { Host } from '../host.ts'
import { resourceUrl } from '../resource-choice.ts'
import { serviceFor } from '../service-choice.ts'
import type { ServiceOptions } from '../service-options.ts'
import { type RequestOptions, requestFrom } from './request-input.ts'
import { answered } from './response-failure.ts'
import { type ResponseOptions, writeResponse } from './response-output.ts'
import { sent } from './sent-request.ts'

export interface FetchOptions extends ServiceOptions, RequestOptions, ResponseOptions {
  readonly resource?: string
}

/**
 * Calls a service, and prints what it answers; a refusal is explained on stderr.
 *
 * @throws PentauthError those of `auth.fetch`, `invalid_option`, `network_error`.
 */
export async function callService(
  name: string,
  path: string | undefined,
  options: FetchOptions,
  host: Host,
): Promise<ExitCode> {
  const { env } = host
  const auth = createAuth(await serviceFor(name, options, host), { env, account: options.account })
  const url = urlOf(resourceUrl(auth.service, options.resource, 'rest'), path)
  const init = await requestFrom(options, host)
  return answered(auth.service, url, async () => {
    const { response, secrets } = await sent(auth, url, init)
    const error = await errorFrom(response)
    await writeResponse(response, secrets, options, host)
    return error ? reportFailure(error, host, options.json === true) : exitCodes.done
  })
}

/** A path goes below the resource, and is not doubled where it begins with the resource's own; what is beyond is refused by `auth.fetch`. */
function urlOf(base: string, path = ''): string {
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(path)) return path
  if (path === '' || path.startsWith('?')) return base + path
  const { origin, pathname } = new URL(base)
  const isWhole = path === pathname || path.startsWith(pathname.replace(/\/*$/, '/'))
  return isWhole ? origin + path : `${base.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`
}
