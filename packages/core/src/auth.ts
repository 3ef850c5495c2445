import type { AuthOptions } from './auth-context.ts'
import { type Auth, authFor } from './auth-for.ts'
import { checkService } from './define-service.ts'
import type { Service } from './service.ts'

export type { Auth, CredentialOptions, HeadersOptions } from './auth-for.ts'

/**
 * Makes an authenticated `fetch` for a service.
 *
 * Nothing is read or sent before the first use.
 *
 * `fetch`, `headers` and `credential` reject with a `PentauthError`: `url_not_covered` or `invalid_url` for a URL the service does
 * not have, `no_credential`, `malformed_credential`, `wrong_credential` or `credential_not_accepted` for an unusable credential,
 * `client_refused`, `temporarily_unavailable` and others when a token could not be had, `redirect_refused`, `invalid_option` for a
 * header that cannot be sent. HTTP statuses are never thrown.
 *
 * @throws PentauthError `invalid_option` when `credential` is not a source, `invalid_service` for what is no usable definition.
 * @example
 * ```ts
 * const auth = createAuth(pendra, { credential: apiKey('pdr_sk_your_key_here') })
 * const response = await auth.fetch('https://api.pendra.ai/api/v1/models')
 * ```
 */
export function createAuth<Names extends string>(service: Service<Names>, options: AuthOptions): Auth<Names> {
  checkService(service)
  return authFor(service, options)
}
