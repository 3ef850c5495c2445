import { PentauthError, type Service } from '@pentauth/core'
import type { BrowserAuthOptions } from './options.ts'

/**
 * Refuses API keys on a page.
 *
 * @throws PentauthError `key_exposed`.
 */
export function checkExposure(service: Service, { credential, dangerouslyExposeApiKey }: BrowserAuthOptions): void {
  if (!credential || credential.kind === 'access-token' || dangerouslyExposeApiKey === true) return
  throw new PentauthError({
    code: 'key_exposed',
    message: `A page would show its ${service.name} API key to everybody who opens it.`,
    service: service.id,
    hint: 'Keep the key on a server: createProxy of @pentauth/node lets the page use the service without it. For a page that only you open, set dangerouslyExposeApiKey.',
  })
}
