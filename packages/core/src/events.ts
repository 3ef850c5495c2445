import type { CredentialSummary } from './credential.ts'
import type { PentauthErrorCode } from './errors.ts'
import type { CredentialHeader } from './service.ts'

/** What happened, for logs and screens: no event ever holds a secret, and URLs come without their query. */
export type PentauthEvent = { readonly service: string } & (
  | {
      readonly type: 'credential_selected'
      readonly resource: string
      readonly credential: CredentialSummary
      readonly header: CredentialHeader
      /** Other sources that hold a credential too and were not used. */
      readonly passedOver: readonly string[]
    }
  /** Something every user of the service should know, told once for each resource before its first credential. */
  | { readonly type: 'service_notice'; readonly notice: string }
  /** A resource is not where the definition has it, because of a setting and not of the program. */
  | { readonly type: 'service_relocated'; readonly resource: string; readonly url: string; readonly by: string }
  /** A setting was found and has no effect, told once before the first credential. */
  | { readonly type: 'setting_ignored'; readonly setting: string; readonly reason: string }
  | { readonly type: 'credential_suspect'; readonly source: string; readonly reason: string }
  | { readonly type: 'source_skipped'; readonly resource: string; readonly source: string; readonly reason: string }
  | {
      readonly type: 'credential_refused'
      readonly resource: string
      readonly credential: CredentialSummary
      readonly status: number
      readonly code: PentauthErrorCode
    }
  /** Another key is used from now on: the old one was refused, or the source holds a new one. */
  | {
      readonly type: 'key_switched'
      readonly from: CredentialSummary
      readonly to: CredentialSummary
      readonly reason: 'refused' | 'changed'
    }
  /** A source could not be read again, or holds nothing usable now: the key that is known stays in use. */
  | { readonly type: 'key_kept'; readonly source: string; readonly reason: string }
  | {
      readonly type: 'token_requested'
      readonly tokenEndpoint: string
      readonly source: string
      readonly reason: 'first' | 'expiring' | 'refused'
    }
  | { readonly type: 'token_received'; readonly credential: CredentialSummary; readonly expiresAt: number | undefined }
  | {
      readonly type: 'token_request_failed'
      readonly tokenEndpoint: string
      readonly code: PentauthErrorCode
      /** Seconds until the next attempt is allowed, where one is. */
      readonly retryAfter: number | undefined
    }
  /** A metadata document of a resource or an authorization server is asked for; `metadata_received` has the answer's status. */
  | { readonly type: 'metadata_requested'; readonly url: string }
  | { readonly type: 'metadata_received'; readonly url: string; readonly status: number }
  /** Which authorization server signs in for a resource, and whether it said so itself or the definition does. */
  | {
      readonly type: 'server_discovered'
      readonly resource: string
      readonly issuer: string
      readonly source: 'metadata' | 'documented'
    }
  | { readonly type: 'registration_requested'; readonly registrationEndpoint: string; readonly issuer: string }
  | {
      readonly type: 'client_registered'
      readonly issuer: string
      readonly clientId: string
      readonly authMethod: string
      /** Seconds since the epoch after which the client's secret is not accepted any more, where there is such a time. */
      readonly secretExpiresAt: number | undefined
    }
  | { readonly type: 'client_forgotten'; readonly issuer: string; readonly clientId: string }
  /** A sign-in goes on with a new token: from the authorization server, or from whoever else shares the store. */
  | {
      readonly type: 'session_renewed'
      readonly account: string
      readonly by: 'us' | 'another'
      readonly expiresAt: number | undefined
      /** As far as the server said; they may be other ones than before. */
      readonly scopes: readonly string[] | undefined
    }
  /** A sign-in is over for good: the code says why. */
  | { readonly type: 'session_ended'; readonly account: string; readonly code: PentauthErrorCode }
  /** The store would not take a session: it goes on in memory, and saving is tried again with the next use. */
  | { readonly type: 'session_not_saved'; readonly account: string; readonly reason: string | undefined }
  /** What the store holds is no session this version can read; it is left as it is. */
  | { readonly type: 'session_unreadable'; readonly account: string; readonly reason: string }
  | {
      readonly type: 'signed_out'
      readonly account: string
      /** `none` where the authorization server offers none, or no token was there to be revoked. */
      readonly revocation: 'done' | 'failed' | 'none'
      /** Why it failed, where that is known. */
      readonly code?: PentauthErrorCode
    }
  /** A person is being sent to the authorization server. */
  | {
      readonly type: 'sign_in_started'
      readonly issuer: string
      readonly clientId: string
      readonly scope: string | undefined
    }
  | {
      readonly type: 'signed_in'
      readonly account: string
      /** Granted scopes, where the server said them. */
      readonly scopes: readonly string[] | undefined
      readonly expiresAt: number | undefined
    }
  | {
      readonly type: 'request_resent'
      readonly resource: string
      readonly url: string
      readonly credential: CredentialSummary
    }
  | {
      readonly type: 'connection_failed'
      readonly resource: string
      /** Where the request was going when `fetch` rejected; an abort is no failure. */
      readonly origin: string
      /** The platform's code, such as `ECONNREFUSED`, where it gave one. */
      readonly reason: string | undefined
      /** What to set or check, where the platform knows. */
      readonly hint?: string
    }
  | {
      readonly type: 'redirect_followed'
      readonly from: string
      readonly to: string
      readonly status: number
      /** Whether the next request carries the credential: only within the same resource. */
      readonly withCredential: boolean
    }
)

/** Event without the service id, as the code that emits it writes it. */
export type EventFacts = PentauthEvent extends infer E ? (E extends unknown ? Omit<E, 'service'> : never) : never

export type EventListener = (event: PentauthEvent) => void

/** Tells a listener, if there is one; `undefined` lets callers skip work that only an event needs. */
export type Emit = ((facts: EventFacts) => void) | undefined

export function emitter(service: string, listener: EventListener | undefined): Emit {
  if (!listener) return undefined
  return (facts) => {
    // Behind a turn: a listener that makes a call of its own must find everything settled that it was told of. One that fails, at once
    // or later, must not fail the request it only watches.
    void Promise.resolve({ service, ...facts } as PentauthEvent)
      .then(listener)
      .catch(() => undefined)
  }
}

/** A URL as events show it: origin and path. */
export function urlForEvent(url: URL): string {
  return url.origin + url.pathname
}
