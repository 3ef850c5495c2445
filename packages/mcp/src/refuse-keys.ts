import { type Auth, type NamedResource, PentauthError } from '@pentauth/core'
import { unusable } from './client-book.ts'

/** Looks once whether a key is configured: somebody who has one must not be sent to sign in. */
export function refuseKeys(auth: Auth, { url, apiKey }: NamedResource): () => Promise<void> {
  let looking: Promise<void> | undefined
  const look = async () => {
    const found = await auth.credential(url).catch((error: unknown) => error)
    if ((found as { kind?: unknown }).kind === 'api-key')
      throw unusable(`is for people who sign in, and ${auth.service.name} has an API key configured`)
    // A key that cannot be used is one, too.
    if (PentauthError.isInstance(found) && /^(?:malformed_credential|wrong_credential|source_failed)$/.test(found.code))
      throw found
  }
  return async () => {
    if (!apiKey?.length) return
    looking ??= look()
    await looking.catch((error) => {
      looking = undefined
      throw error
    })
  }
}
