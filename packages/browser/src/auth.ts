import { type Auth, createAuth as coreAuth, type Resource, type Service } from '@pentauth/core'
import { accountSource } from './account-source.ts'
import { checkOptions } from './checked-options.ts'
import type { BrowserAuthOptions, FinishedCallback, SignInOptions, SignInResult } from './options.ts'
import { type Page, pageOf } from './page.ts'
import { onPageLife } from './page-life.ts'
import { renewalTimer } from './renewal-timer.ts'
import { finishSignIn, isReturning, settled, signIn } from './sign-in.ts'
import type { SessionSnapshot } from './snapshot.ts'

/** A service and the person who is signed in to it on this page: an authenticated `fetch`, and who that is. */
export interface BrowserAuth<Names extends string = string> extends Auth<Names> {
  /**
   * Sends the person to the service's sign-in page, in this window or, with `popup`, in one of its own.
   *
   * @throws PentauthError `insecure_context`, `discovery_failed`, `registration_failed`, `unsafe_address`, `invalid_option`,
   *   `temporarily_unavailable`, `store_failed`; with `popup` also as `finishSignIn`.
   */
  readonly signIn: (options?: SignInOptions) => Promise<SignInResult>
  /**
   * Finishes the sign-in that the page's address is the answer to; `undefined` where it is none. `session` says who is signed in when it
   * resolves. With several services on a page give each a `redirectUri` of its own.
   *
   * @throws PentauthError `sign_in_response_invalid` for what is no answer to a sign-in of this page, or a frame's; `sign_in_failed` when
   *   the person or the server said no; `client_refused`, `token_response_invalid`, `store_failed`; `temporarily_unavailable`, after which
   *   it may be called again.
   */
  readonly finishSignIn: (url?: string | URL) => Promise<FinishedCallback | undefined>
  /**
   * Signs out in every tab, and at the service where it has an endpoint for that.
   *
   * @throws PentauthError `store_failed` or `temporarily_unavailable` when the session could not be deleted; then it goes on.
   */
  readonly signOut: () => Promise<void>
  /** Who is signed in, as this page knows it: the same object until that changes. */
  readonly session: SessionSnapshot
  /** Told when `session` is another one; returns how to stop. Bound, as React's `useSyncExternalStore` wants it. */
  readonly subscribe: (listener: () => void) => () => void
  /** Lets go of the page: no listener, timer or channel is left. */
  readonly dispose: () => void
}

/**
 * Makes an authenticated `fetch` for the person who is signed in on this page, with the way to sign in and out.
 *
 * The session is kept as `storage` says, is the same in every tab, and is renewed once for all of them. On a server nothing is read or
 * opened, and nobody is signed in.
 *
 * `fetch`, `headers` and `credential` reject as those of core do. A definition that `defineService` has not seen is checked with the first
 * of them.
 *
 * @throws PentauthError `key_exposed` for an API key or a client secret, which everybody could read who opens the page; `invalid_option`;
 *   `invalid_service`.
 * @example
 * ```ts
 * const auth = createAuth(pensyve, { redirectUri: '/callback' })
 * await auth.finishSignIn()
 * if (auth.session.status !== 'signed_in') await auth.signIn({ returnTo: '/notes' })
 * ```
 */
export function createAuth<Names extends string>(
  service: Service<Names>,
  given: BrowserAuthOptions = {},
): BrowserAuth<Names> {
  const options: BrowserAuthOptions = Object.assign(Object.create(null), given)
  checkOptions(service, options)
  const page = pageOf(service, options)
  const { tab, view } = page
  const { runtime, onEvent } = page.place('')
  const auth = coreAuth(service, { credential: options.credential ?? accountSource(page), runtime, onEvent })
  // On a server nothing is opened, and nobody is signed in.
  const stop = 'document' in globalThis ? live(page, auth) : undefined
  return {
    ...auth,
    signIn: (wishes) => signIn(page, wishes),
    finishSignIn: (url) => finishSignIn(page, url),
    signOut: page.signOut,
    get session() {
      return view.current()
    },
    subscribe: view.subscribe,
    dispose() {
      stop?.()
      page.leaving.end()
      page.endPopup?.()
      // A callback that is being finished is still told to the other tabs.
      void settled(page).then(tab.close)
    },
  }
}

/** What goes on beside the calls, until it is stopped: the other tabs are heard, and the token of a visible page is renewed. */
function live(page: Page, auth: Auth): () => void {
  const { service, options, tab, view } = page
  const taking = ([name, { accessToken }]: [string, Resource]) =>
    options.resource ? name === options.resource : accessToken
  const url = Object.entries<Resource>(service.resources).find(taking)?.[1].url
  const bring = async () => (isReturning(page) ? undefined : auth.credential(url))
  const timer = renewalTimer(view, bring, options.runtime?.now)
  let isOver = false
  let isWarm = false
  const stopTimer = view.subscribe(() => {
    timer.set()
    if (isWarm || view.current().status !== 'signed_in' || isReturning(page)) return
    // The first call waits for nothing then, and needs no part of the program that an offline page could not load.
    isWarm = true
    bring().catch(() => undefined)
  })
  const stopLife = onPageLife({
    wake() {
      tab.open()
      void view.read().then(() => isOver || timer.set())
    },
    rest() {
      tab.close()
      timer.stop()
    },
  })
  tab.open()
  void view.read()
  return () => {
    isOver = true
    stopLife()
    stopTimer()
    timer.stop()
  }
}
