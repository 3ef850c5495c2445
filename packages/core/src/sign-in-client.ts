import type { OAuthClient, SigningKey } from './client-authentication.ts'
import type { Discovered } from './discovered.ts'
import type { Flow } from './flow.ts'
import { part } from './part.ts'
import type { ClientForOptions, PreRegisteredClient, RegisteredClient } from './registration.ts'

/**
 * The client for a sign-in: as it was registered by hand, as its metadata document says, or registered now and kept in the store.
 *
 * @throws PentauthError `invalid_option` for options that fit no client, `registration_failed` when the server does not take the
 *   client or is not the one that knows it, `temporarily_unavailable`, `store_failed`.
 * @see https://www.rfc-editor.org/rfc/rfc7591
 */
export async function clientFor(
  flow: Flow,
  discovered: Discovered,
  options: ClientForOptions,
): Promise<RegisteredClient> {
  const { issuer } = discovered.server
  const { clientId, clientSecret, privateKey, ...given }: Partial<PreRegisteredClient> = Object.assign(
    Object.create(null),
    options.client,
  )
  const isPublic = clientId !== undefined && clientSecret === undefined && privateKey === undefined
  // A page's own client, as most have it; everything else takes more than a look.
  if (
    isPublic &&
    /^[\x21-\x7e]+$/.test(clientId) &&
    (given.issuer ?? issuer) === issuer &&
    isPlain(options.redirectUri)
  )
    return { clientId, issuer, stored: false, authMethod: 'none' }
  return (await part(import('./registration.ts'))).clientFor(flow, discovered, options)
}

/** Whether nothing can be wrong with a redirect URI. */
function isPlain(redirectUri = ''): boolean {
  return /^https:\/\/[\w.-]+(?::\d+)?\/[\w./-]*$/.test(redirectUri) && URL.canParse(redirectUri)
}

/**
 * A client that was kept in a store, with the private key that was not.
 *
 * @throws PentauthError `invalid_option` where it has one that was not given.
 */
export async function keptClient<C extends OAuthClient>(client: C, privateKey: SigningKey | undefined): Promise<C> {
  if (client.authMethod !== 'private_key_jwt') return client
  return (await part(import('./client-authentication.ts'))).clientWith(client, privateKey)
}
