import { PentauthError, type Service } from '@pentauth/core'
import { checkExposure } from './exposed-key.ts'
import type { BrowserAuthOptions } from './options.ts'

/**
 * Refuses what no page can use.
 *
 * @throws PentauthError `invalid_service`, `invalid_option`, `key_exposed`.
 */
export function checkOptions(service: Service, options: BrowserAuthOptions): void {
  if (typeof service?.resources !== 'object') {
    throw new PentauthError({
      code: 'invalid_service',
      message: 'The service is not a definition.',
      hint: "Import one, as in import { pensyve } from '@pentauth/browser', or make your own with defineService.",
    })
  }
  const { storage } = options
  if (storage !== undefined && typeof storage?.get !== 'function')
    throw unusable('storage', 'is no store', 'Give one, such as indexedDBStore(), or leave it out.')
  checkExposure(service, options)
}

/** An option that cannot be used, whatever the service. */
export function unusable(option: string, what: string, hint: string): PentauthError {
  return new PentauthError({ code: 'invalid_option', message: `The option "${option}" ${what}.`, hint })
}
