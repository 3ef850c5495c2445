import { type AuthContext, type AuthOptions, createContext } from './auth-context.ts'
import { authorizedFetch } from './authorized-fetch.ts'
import { type Credential, keyOf } from './credential.ts'
import { PentauthError } from './errors.ts'
import { credentialHeaders, refuseCredential, selectHeader } from './header-selection.ts'
import { part } from './part.ts'
import { type NamedResource, refuseUrl } from './resource-lookup.ts'
import { nextSerial } from './serial.ts'
import type { CredentialHeader, Resource, Service } from './service.ts'
import { isThenable } from './thenable.ts'

export interface HeadersOptions {
  /** Which header, where the resource takes the key in either. */
  readonly header?: CredentialHeader | undefined
  /** The method of the request, `GET` unless given: a token that is bound to a key (`dpop`) travels with a proof for one method and URL. */
  readonly method?: string | undefined
  /**
   * Seconds for which the headers are to be of use, such as by a program that asks for them once: a token that ends sooner is renewed
   * first. One whose whole life is shorter comes with most of it left, and one that cannot be renewed now with what it has.
   */
  readonly minLife?: number | undefined
}

export interface CredentialOptions {
  /** Seconds that the token is to have left, as for `headers`. */
  readonly minLife?: number | undefined
  /** One that the service has refused: another takes its place, a renewed token say, and the same comes again where there is none. */
  readonly refused?: Credential | undefined
}

/** A service plus a source of credentials: an authenticated `fetch`. */
export interface Auth<Names extends string = string> {
  readonly service: Service<Names>
  /** A drop-in for `fetch` (already bound) that adds the right credential in the right header. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>
  /** The headers a request to that URL needs, as a fresh object with lower-case names. */
  readonly headers: (url: string | URL, options?: HeadersOptions) => Promise<Record<string, string>>
  /** The credential itself; call it at boot to fail early when nothing usable is configured. */
  readonly credential: (url?: string | URL, options?: CredentialOptions) => Promise<Credential>
}

/** The same for a definition that was checked. */
export function authFor<Names extends string>(service: Service<Names>, options: AuthOptions): Auth<Names> {
  const context = createContext(service, options)
  let last:
    | { resource: NamedResource; credential: Credential; header: unknown; headers: Record<string, string> }
    | undefined
  return {
    service,
    fetch: (input, init) => authorizedFetch(context, input, init),
    async headers(url, wishes = {}) {
      const { header, minLife } = wishes
      const resource = context.find(url) ?? (await refuseUrl(service, url))
      const found = context.credentialFor(resource, false, minLife)
      const credential = isThenable(found) ? await found : found
      if (last?.resource !== resource || last.credential !== credential || last.header !== header) {
        const headers = credentialHeaders(resource, credential, header)
        if (!headers) return refuseCredential(service, resource, credential, header)
        last = { resource, credential, header, headers }
      }
      // A fresh object, since callers add to what they get.
      const headers = { ...last.headers }
      return keyOf(credential)
        ? (await part(import('./dpop-steps.ts'))).withProof(headers, context.runtime, credential, url, wishes)
        : headers
    },
    async credential(url, { refused, minLife } = {}) {
      if (url === undefined) return anyCredential(context, minLife)
      const resource = refused && context.find(url)
      if (refused && resource) await context.source.renew?.(refused, context.requestFor(resource), nextSerial())
      return usable(context, url, minLife)
    },
  }
}

/** The credential of a resource, if it can travel there. */
async function usable(context: AuthContext, url: string | URL, minLife?: number): Promise<Credential> {
  const { service } = context
  const resource = context.find(url) ?? (await refuseUrl(service, url))
  const credential = await context.credentialFor(resource, false, minLife)
  if (!selectHeader(resource, credential)) await refuseCredential(service, resource, credential)
  return credential
}

/** The credential of the first resource that has a usable one; else the error that says most. */
async function anyCredential(context: AuthContext, minLife: number | undefined): Promise<Credential> {
  const failures: unknown[] = []
  for (const { url } of Object.values<Resource>(context.service.resources)) {
    try {
      return await usable(context, url, minLife)
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
