import type { Outside } from '../addresses.ts'

/** Who can say how a documented address is called from outside: a request on its way. */
export interface Caller {
  readonly outside: Outside
}

/** The URL of the protected resource metadata that a challenge names; undefined where a service has none. */
export type MetadataUrl = (caller: Caller) => string | undefined

/** What a challenge says beside the scheme; parameters that are undefined are left out. */
export interface ChallengeParameters {
  readonly resource_metadata?: string | undefined
  readonly error?: 'invalid_token' | 'insufficient_scope' | undefined
  readonly error_description?: string | undefined
  readonly scope?: string | undefined
}

/** A `WWW-Authenticate` header of RFC 6750 section 3, with the metadata parameter of RFC 9728 section 5.1. */
export function bearerChallenge(parameters: ChallengeParameters = {}): { readonly 'www-authenticate': string } {
  const shown = Object.entries(parameters).flatMap(([name, value]) =>
    // What RFC 6750 does not allow in these values has no escape there.
    value === undefined ? [] : [`${name}="${String(value).replace(/[^\x20-\x7e]|["\\]/g, '?')}"`],
  )
  return { 'www-authenticate': ['Bearer', shown.join(', ')].filter((part) => part !== '').join(' ') }
}
