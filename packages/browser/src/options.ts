import type {
  Challenge,
  ClientOptions,
  CredentialSource,
  EventListener,
  FinishedSignIn,
  Runtime,
  Store,
} from '@pentauth/core'

export interface BrowserAuthOptions {
  /** Where the service sends people back to: a page of this origin, such as `/callback`; `/` unless given. */
  readonly redirectUri?: string | URL | undefined
  /** The OAuth client; registered at the service by itself unless given. */
  readonly clientId?: string | undefined
  /** More of the client, such as its `metadataUrl`, or the name it registers itself with. */
  readonly client?: ClientOptions | undefined
  /** Where the session is kept; `indexedDBStore()` unless given, or what takes its place where that is blocked. */
  readonly storage?: Store | undefined
  /** Whose session, as a label of your own; unless given, the one that signed in last. */
  readonly account?: string | undefined
  /** Keeps the sessions of two apps of one origin apart; `default` unless given. */
  readonly app?: string | undefined
  /** Name of the resource in the service; the first that takes access tokens unless given. */
  readonly resource?: string | undefined
  /** Which authorization server, where the resource has several. */
  readonly issuer?: string | undefined
  /** Scopes, separated by spaces; what the service asks for unless given. */
  readonly scope?: string | undefined
  /** Replaces parts of the platform, such as `fetch` or the clock. */
  readonly runtime?: Partial<Runtime> | undefined
  /** Told what happens, without any secret. */
  readonly onEvent?: EventListener | undefined
  /** Another source than the sign-in. An API key is refused: everybody who opens the page could read it. */
  readonly credential?: CredentialSource | undefined
  /** Takes an API key all the same: for pages of one person on their own machine, and keys that may be public. */
  readonly dangerouslyExposeApiKey?: boolean | undefined
}

export interface SignInOptions {
  /** Scopes, separated by spaces; those of `createAuth` unless given. */
  readonly scope?: string | undefined
  /** A page of this origin to go on with; where the person is now unless given. */
  readonly returnTo?: string | URL | undefined
  /** In a window of its own; by redirect where the browser blocks it. Call `signIn` first thing in the click's handler. */
  readonly popup?: boolean | undefined
  /** Whose sign-in, as a label of your own; the current account unless given. */
  readonly account?: string | undefined
  /** Of the answer that asked for more scope. */
  readonly challenge?: Challenge | readonly Challenge[] | undefined
}

export interface FinishedCallback extends FinishedSignIn {
  /** Path, query and fragment of the page that the person wanted to go on with. */
  readonly returnTo: string
}

/** What became of `signIn`: the page is about to leave, a popup has done its work, or it is closed: by the person, another `signIn` or `dispose`. */
export type SignInResult =
  | { readonly outcome: 'redirecting' }
  | ({ readonly outcome: 'signed_in' } & FinishedCallback)
  | { readonly outcome: 'closed' }
