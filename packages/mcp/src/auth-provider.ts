import { type Auth, type Credential, PentauthError } from '@pentauth/core'
import { mcpResource } from './transport.ts'

/** By shape, `AuthProvider` of v2 and no more: with `tokens` it would be taken for another kind. */
export interface AuthProvider {
  readonly token: () => Promise<string>
  readonly onUnauthorized: (context: { readonly response: Response }) => Promise<void>
}

/** A refusal that comes this soon (ms) after a renewal is about the token before: nobody says which token a request carried. */
const grace = 10_000

/**
 * The session as `authProvider` of SDK v2, for hosts that take nothing else; `createTransport` does more with less.
 *
 * Exactly these two functions: beside `auth.fetch`, or with the methods of an `OAuthClientProvider`, two layers would renew. A 403 for a
 * scope never gets here, and which token a refused request had is not told.
 *
 * @throws PentauthError `invalid_option` where the service has no such resource; (when used) whatever `auth.credential` rejects with,
 *   `credential_not_accepted` for a credential that does not travel as Bearer, `credential_refused` where no other is to be had.
 * @example
 * ```ts
 * const transport = new StreamableHTTPClientTransport(url, { authProvider: authProvider(auth) })
 * ```
 */
export function authProvider(auth: Auth, options: { readonly resource?: string | undefined } = {}): AuthProvider {
  const { url } = mcpResource(auth, options.resource)
  let current: Credential | undefined
  let since = 0
  let before: Credential | undefined
  const adopt = (found: Credential): Credential => {
    if (found.secret.reveal() === current?.secret.reveal()) return current
    before = current
    current = found
    since = performance.now()
    return found
  }
  return {
    async token() {
      const { authorization = '' } = await auth.headers(url, { header: 'authorization' })
      const token = /^Bearer (.+)$/.exec(authorization)?.[1]
      if (token === undefined) throw bound(auth)
      const found = await auth.credential(url)
      // Renewed in between: the next request has the new one.
      if (found.secret.reveal() === token) adopt(found)
      return token
    },
    async onUnauthorized() {
      const refused = current
      if (refused === undefined || (before && performance.now() - since < grace)) return
      const found = adopt(await auth.credential(url, { refused }))
      if (found === refused) throw stillRefused(auth, refused)
    },
  }
}

/** The SDK writes Bearer before whatever it is given. */
function bound({ service }: Auth): PentauthError {
  return new PentauthError({
    code: 'credential_not_accepted',
    message: `authProvider: the tokens of ${service.name} do not travel as Bearer.`,
    service: service.id,
    hint: 'Use createTransport, which sends them with the proof that they need.',
  })
}

function stillRefused({ service }: Auth, { source }: Credential): PentauthError {
  return new PentauthError({
    code: 'credential_refused',
    message: `${service.name} refused the credential from ${source}, and there is no other.`,
    service: service.id,
    status: 401,
    hint: 'Make a new key, or sign in again.',
    link: service.links.docs.url,
  })
}
