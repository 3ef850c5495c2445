import {
  type Auth,
  adapterFor,
  type ClientOptions,
  type EventListener,
  type Lock,
  type PentauthEvent,
  type Runtime,
  type Store,
} from '@pentauth/core'
import { unusable } from './client-book.ts'
import type { ProviderPlace } from './provider-place.ts'
import { mcpResource } from './transport.ts'

export interface OAuthClientProviderOptions {
  /** Where tokens, the client and waiting sign-ins are kept; a lock that it has keeps other processes from renewing at the same time. */
  readonly store: Store
  /** Where the authorization server sends the person back to. */
  readonly redirectUri: string
  /** Sends the person to that page. */
  readonly redirect: (url: URL) => unknown
  /** Name of the resource; the service's first that speaks MCP unless given. */
  readonly resource?: string | undefined
  /** The OAuth client; the service's own unless given, else registered at the server. */
  readonly client?: ClientOptions | undefined
  /** Asked for where the server does not say which scopes there are. */
  readonly scope?: string | undefined
  /** A label for whose tokens they are; `default` unless given. */
  readonly account?: string | undefined
  /** Used in the place of the store's lock. */
  readonly lock?: Lock | undefined
  readonly runtime?: Partial<Runtime> | undefined
  readonly onEvent?: EventListener | undefined
  /** Signs in where the metadata does not say whether the server checks PKCE: others could then use a stolen code. */
  readonly dangerouslyAllowMissingPkceMetadata?: boolean | undefined
  /** For hosts that call `finishAuth` themselves: whoever gets a person to open a link can sign them in as somebody else, unless the host checks `state`. */
  readonly dangerouslyAllowUncheckedCallbacks?: boolean | undefined
}

/** The options as they are used. */
export interface CheckedOptions
  extends Omit<OAuthClientProviderOptions, 'store' | 'resource' | 'account' | 'lock' | 'runtime' | 'onEvent'> {
  readonly place: ProviderPlace
}

/**
 * Refuses what no provider can be made of.
 *
 * @throws PentauthError `invalid_option`.
 */
export function checkedOptions(auth: Auth, options: OAuthClientProviderOptions): CheckedOptions {
  // Own properties only, since anybody may have polluted Object.prototype; JavaScript callers may leave the options out altogether.
  const own: Partial<OAuthClientProviderOptions> = Object.assign(Object.create(null), options)
  const { store, lock, runtime, onEvent, redirect, redirectUri, resource, account = 'default', ...rest } = own
  const { service } = auth
  if (!store || [store.get, store.set, store.delete].some((method) => typeof method !== 'function'))
    throw unusable('needs a "store"', 'Give a store such as memoryStore().')
  if (typeof account !== 'string' || account === '')
    throw unusable('was given an "account" that is no label', 'Give some text, such as "work", or leave it out.')
  if (typeof redirect !== 'function') throw unusable('needs a function "redirect"', 'It sends the person to a page.')
  if (typeof redirectUri !== 'string' || !URL.canParse(redirectUri))
    throw unusable('needs a "redirectUri"', 'Say where the person is sent back to.')
  const { url } = mcpResource(auth, resource)
  const adapter = adapterFor(service, url, runtime)
  if (!adapter.resource.accessToken)
    throw unusable(
      `was given a resource of ${service.name} that takes no access tokens`,
      'Use createTransport, with a key.',
    )
  const key = ['sdk', adapter.resource.audience ?? adapter.resource.url, account].map(encodeURIComponent).join('/')
  const notSaved = (reason: string) => {
    const event: PentauthEvent = { service: service.id, type: 'session_not_saved', account, reason }
    // Behind a turn, and whatever the listener does: it only watches.
    void Promise.resolve(event)
      .then(onEvent)
      .catch(() => undefined)
  }
  return { ...rest, redirect, redirectUri, place: { service, adapter, store, lock, account, key, notSaved } }
}
