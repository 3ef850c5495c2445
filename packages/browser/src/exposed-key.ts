import { PentauthError, type Service } from '@pentauth/core'
import type { BrowserAuthOptions } from './options.ts'

/**
 * Refuses what everybody who opens the page could read: API keys, and the secret or key of a client.
 *
 * @throws PentauthError `key_exposed`.
 */
export function checkExposure(
  service: Service,
  { credential, client, dangerouslyExposeApiKey }: BrowserAuthOptions,
): void {
  const refuse = (what: string, hint: string) => {
    const message = `A page would show its ${service.name} ${what} to everybody who opens it.`
    throw new PentauthError({ code: 'key_exposed', message, service: service.id, hint })
  }
  if (credential && credential.kind !== 'access-token' && dangerouslyExposeApiKey !== true)
    refuse(
      'API key',
      'Keep the key on a server: createProxy of @pentauth/node lets the page use the service without it. For a page that only you open, set dangerouslyExposeApiKey.',
    )
  if (client && ('clientSecret' in client || 'privateKey' in client))
    refuse('client secret', 'Register the page as a public client: it proves itself by PKCE, and needs none.')
}
