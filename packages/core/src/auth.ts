import { type AuthContext, type AuthOptions, createContext } from './auth-context.ts'
import { authorizedFetch } from './authorized-fetch.ts'
import type { Credential } from './credential.ts'
import { PentauthError } from './errors.ts'
import { credentialHeaders, selectHeader } from './header-selection.ts'
import type { NamedResource } from './resource-for.ts'
import type { CredentialHeader, Resource, Service } from './service.ts'
import { isThenable } from './thenable.ts'

export interface HeadersOptions {
  /** Which header, where the resource takes the key in either. */
  readonly header?: CredentialHeader | undefined
}

/** A service plus a source of credentials: an authenticated `fetch`. */
export interface Auth<Names extends string = string> {
  readonly service: Service<Names>
  /** A drop-in for `fetch` (already bound) that adds the right credential in the right header. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>
  /** The headers a request to that URL needs, as a fresh object with lower-case names. */
  readonly headers: (url: string | URL, options?: HeadersOptions) => Promise<Record<string, string>>
  /** The credential itself; call it at boot to fail early when nothing usable is configured. */
  readonly credential: (url?: string | URL) => Promise<Credential>
}

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
  const context = createContext(service, options)
  let last:
    | { resource: NamedResource; credential: Credential; header: unknown; headers: Record<string, string> }
    | undefined
  return {
    service,
    fetch: (input, init) => authorizedFetch(context, input, init),
    async headers(url, { header } = {}) {
      const resource = context.resourceFor(url)
      const found = context.credentialFor(resource)
      const credential = isThenable(found) ? await found : found
      if (last?.resource !== resource || last.credential !== credential || last.header !== header) {
        last = { resource, credential, header, headers: credentialHeaders(service, resource, credential, header) }
      }
      // A fresh object, since callers add to what they get.
      return { ...last.headers }
    },
    credential: async (url) => (url === undefined ? anyCredential(context) : usable(context, context.resourceFor(url))),
  }
}

/** The credential of a resource, if it can travel there. */
async function usable(context: AuthContext, resource: NamedResource): Promise<Credential> {
  const credential = await context.credentialFor(resource)
  selectHeader(context.service, resource, credential)
  return credential
}

/** The credential of the first resource that has a usable one; else the error that says most. */
async function anyCredential(context: AuthContext): Promise<Credential> {
  const failures: unknown[] = []
  for (const { url } of Object.values<Resource>(context.service.resources)) {
    try {
      return await usable(context, context.resourceFor(url))
    } catch (error) {
      // Another resource may take what there is; any other failure would only be met again there.
      const passesOn =
        PentauthError.isInstance(error) &&
        /^(?:no_credential|sign_in_required|credential_not_accepted)$/.test(error.code)
      if (!passesOn) throw error
      failures.push(error)
    }
  }
  throw failures[0]
}
