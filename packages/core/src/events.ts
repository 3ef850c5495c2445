import type { CredentialSummary } from './credential.ts'
import type { PentauthError, PentauthErrorCode } from './errors.ts'
import { printable, withoutKeyLike } from './printable.ts'
import type { CredentialHeader } from './service.ts'

/** What a request to an OAuth endpoint is for; `challenge` asks the resource itself, without a credential. */
export type RequestPurpose =
  | 'challenge'
  | 'resource_metadata'
  | 'server_metadata'
  | 'registration'
  | 'pushed_authorization'
  | 'device_authorization'
  | 'identity_token'
  | 'token'
  | 'revocation'

/** A request to an OAuth endpoint, as events show it. */
interface RequestFacts {
  /** The same for a request and its end, and for no other request of this process. */
  readonly id: number
  readonly purpose: RequestPurpose
  readonly method: string
  /** Origin and path. */
  readonly url: string
}

/** What an error says of a failure. */
export interface FailureFacts {
  /** Absent where the program itself gave up. */
  readonly code: PentauthErrorCode | undefined
  /** HTTP status, where an answer came. */
  readonly status: number | undefined
  /** The server's own code, such as `access_denied`. */
  readonly error: string | undefined
  /** The message of our error. */
  readonly reason: string
}

/** What a store tells of itself, whichever services it keeps things for. */
export type StoreEvent =
  /** Others could read a file or a folder of the store, or write to it; they cannot any more. */
  | { readonly type: 'store_repaired'; readonly path: string; readonly from: string; readonly to: string }
  /** Something that cannot be used lay where the store keeps a value: it has another name now, and nothing in it is lost. */
  | { readonly type: 'store_set_aside'; readonly path: string; readonly movedTo: string; readonly reason: string }
  /** A store cannot be used here, such as one that the browser blocks: another takes its place, which is said to last less long. */
  | { readonly type: 'store_replaced'; readonly store: string; readonly by: string; readonly reason: string }

/** What happened, for logs and screens: no event ever holds a secret, and URLs come without their query. */
export type PentauthEvent = {
  readonly service: string
} /** Which credential a resource is called with, and in which header; told again when it is another one. */ & (
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
  /** A key does not look like one of this service, which is no more than a hint where the service's keys are not documented. */
  | { readonly type: 'credential_suspect'; readonly source: string; readonly reason: string }
  /** A source of a chain has a credential, of a kind that the resource does not take. */
  | { readonly type: 'source_skipped'; readonly resource: string; readonly source: string; readonly reason: string }
  /** A resource refused the credential itself; other refusals are the caller's. */
  | {
      readonly type: 'credential_refused'
      readonly resource: string
      readonly method: string
      readonly url: string
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
  /** A request of an OAuth flow leaves: for metadata, a registration, a sign-in, a token or a revocation. */
  | ({ readonly type: 'request_sent' } & RequestFacts)
  /** What became of it. */
  | ({
      readonly type: 'request_ended'
      /** `undefined` when no answer came: it was lost, too late or too much. */
      readonly status: number | undefined
      /** The server's code, where it is one of the standards'. */
      readonly error: string | undefined
      /** Why no answer came, by the platform's code such as `ECONNREFUSED`, where it gave one. */
      readonly reason: string | undefined
      /** Milliseconds. */
      readonly duration: number
    } & RequestFacts)
  /** A token is asked for now, and why; `request_sent` and `request_ended` tell of the request itself. */
  | {
      readonly type: 'token_requested'
      readonly tokenEndpoint: string
      readonly source: string
      readonly reason: 'first' | 'expiring' | 'refused'
    }
  /** There is a new access token; `expiresAt` is in milliseconds since the epoch, as everywhere here unless said. */
  | { readonly type: 'token_received'; readonly credential: CredentialSummary; readonly expiresAt: number | undefined }
  /** No token came, which ends no session: told before a pause, and before the one retry after a lost answer or a busy moment. */
  | {
      readonly type: 'token_request_failed'
      readonly tokenEndpoint: string
      readonly code: PentauthErrorCode
      /** Seconds until the next attempt is allowed, where one is. */
      readonly retryAfter: number | undefined
    }
  /** Which authorization server signs in for a resource, and whether it said so itself or the definition does. */
  | {
      readonly type: 'server_discovered'
      readonly resource: string
      readonly issuer: string
      readonly source: 'metadata' | 'documented'
    }
  /** No authorization server was found for a resource: what was asked is in the requests before. */
  | ({ readonly type: 'discovery_failed'; readonly resource: string } & FailureFacts)
  /** The program has a client of its own at an authorization server from now on. */
  | {
      readonly type: 'client_registered'
      readonly issuer: string
      readonly clientId: string
      readonly authMethod: string
      /** Seconds since the epoch after which the client's secret is not accepted any more, where there is such a time. */
      readonly secretExpiresAt: number | undefined
    }
  /** The authorization server registers no client for this program, or sent one that nobody can use. */
  | ({ readonly type: 'registration_failed'; readonly issuer: string } & FailureFacts)
  /** The authorization server does not know a client any more: the next sign-in registers another. */
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
  /** A session was ended by its owner: it is gone from the store, and revoked as `revocation` says. */
  | {
      readonly type: 'signed_out'
      readonly account: string
      /** `none` where the authorization server offers none, no token was there, or a new sign-in has taken its place. */
      readonly revocation: 'done' | 'failed' | 'none'
      /** Why it failed, where that is known. */
      readonly code?: PentauthErrorCode
    }
  /** A person is being sent to the authorization server. */
  | {
      readonly type: 'sign_in_started'
      readonly account: string
      readonly issuer: string
      /** To the authorization endpoint, from where they are sent back; or to a page that asks for the device's code. */
      readonly way: 'redirect' | 'device'
      readonly page: string
      readonly clientId: string
      readonly scope: string | undefined
      /** What of it the session does not have that there is already; absent where there is none. */
      readonly addedScopes?: readonly string[]
    }
  /** The browser would not open a window for the sign-in: the page itself goes there instead. */
  | { readonly type: 'popup_blocked'; readonly account: string }
  /** The person is back with a code. */
  | { readonly type: 'sign_in_returned'; readonly account: string; readonly issuer: string }
  /**
   * Nobody was signed in: the person or the server said no, what came back was no answer to a sign-in of ours, the code was not taken,
   * or there was trouble. Whose sign-in it was is only known when one was waiting.
   */
  | ({
      readonly type: 'sign_in_failed'
      readonly account: string | undefined
      readonly issuer: string | undefined
    } & FailureFacts)
  /** A sign-in is finished: its session is used from now on. */
  | {
      readonly type: 'signed_in'
      readonly account: string
      /** Granted scopes, where the server said them. */
      readonly scopes: readonly string[] | undefined
      readonly expiresAt: number | undefined
    }
  /** A refused request went out once more, with another credential; `status` is that of the answer, `0` where a browser hides it. */
  | {
      readonly type: 'request_resent'
      readonly resource: string
      readonly method: string
      readonly url: string
      readonly credential: CredentialSummary
      readonly status: number
    }
  /** A request to a resource came to nothing: `fetch` rejected. */
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
  /** A resource sent the request elsewhere. */
  | {
      readonly type: 'redirect_followed'
      readonly from: string
      readonly to: string
      readonly status: number
      /** Whether the next request carries the credential: only within the same resource. */
      readonly withCredential: boolean
    }
  | StoreEvent
)

/** Event without the service id, as the code that emits it writes it. */
export type EventFacts = PentauthEvent extends infer E ? (E extends unknown ? Omit<E, 'service'> : never) : never

export type EventListener = (event: PentauthEvent) => void

/** Tells a listener, if there is one; `undefined` lets callers skip work that only an event needs. */
export type Emit = ((facts: EventFacts) => void) | undefined

/** Scopes as events show them: a server names them, and may repeat a token there. */
export function scopesForEvent<S extends readonly string[] | undefined>(scopes: S): S | readonly string[] {
  return scopes?.map((scope) => withoutKeyLike(printable(scope))) ?? scopes
}

/** An error as events show it. */
export function failureFacts({ code, status, parameters, message }: PentauthError): FailureFacts {
  return { code, status, error: parameters?.error, reason: message }
}
