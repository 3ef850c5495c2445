import { type Auth, errorFrom, type PentauthError, withoutEcho } from '@pentauth/core'
import { asksForSignIn, type Refusal, refusalIn } from './refusal.ts'
import { isBySignIn, type SignInWay, sharedWay } from './sign-in-wanted.ts'

/** By shape, what both SDKs take as `fetch`. */
export type FetchLike = (url: string | URL, init?: RequestInit) => Promise<Response>

/** What a transport is given. */
export interface AuthorizedConnection {
  readonly fetch: FetchLike
  readonly authProvider: TransportAuthProvider
}

/** By shape, what a transport of v2 asks before each request and after a 401, and what one of v1 asks for tokens. */
export interface TransportAuthProvider {
  /** v2: fails before the request where there is no credential, in a way that reaches the caller unchanged. */
  readonly token: () => Promise<undefined>
  /** v2: after a 401 that no renewal has mended. */
  readonly onUnauthorized: (context: { readonly response: Response }) => Promise<never>
  /** v1: none, since `fetch` sets the header. */
  readonly tokens: () => undefined
}

/** What is known of the resource that a connection goes to. */
export interface ConnectionTarget {
  readonly auth: Auth
  /** Name of the resource, and its URL. */
  readonly resource: string
  readonly url: string
  readonly signIn: SignInWay | undefined
  /** Aborted when the transport is closed: nobody waits for a sign-in then. */
  readonly closed?: AbortSignal | undefined
}

/**
 * The one layer that renews: `auth.fetch` sets the header, renews once for all, and sends again; what is left is a sign-in, and
 * an error that says so.
 *
 * The SDK never sees a token that it could try to renew.
 */
export function authorizedConnection(target: ConnectionTarget): AuthorizedConnection {
  const { auth, url, signIn, closed } = target
  const way = signIn && sharedWay(auth, signIn)
  /** Whether somebody asks for tokens before each request, who is then told of a 401, too. */
  let isAsked = false
  const refusals = new WeakMap<Response, PentauthError>()
  /** Whether the last sign-in came to nothing: then only a call asks for another, and no stream that is opened again and again. */
  let wasInVain = false
  /** What the last sign-in that was finished has not helped against, and since when. */
  let unhelped: { readonly by: string; readonly at: number } | undefined

  const signInFor = async (reason: PentauthError, call: Call, challenge: Refusal['challenge'] = []) => {
    // Somebody has signed in since it was sent.
    if (way && way.finished !== call.since) return
    const isUseless = unhelped?.by === purposeOf(reason, challenge) && Date.now() - unhelped.at < pause
    if (!way || isUseless || (wasInVain && !call.isCall) || !(await isBySignIn(auth, url))) throw reason
    try {
      await unlessAborted(
        way.signIn({ service: auth.service, resource: target.resource, reason, challenge }),
        call.signal,
      )
      wasInVain = false
    } catch (error) {
      wasInVain = true
      throw error
    }
  }

  const authorized: FetchLike = async (input, init) => {
    const isCall = /^post$/i.test(init?.method ?? '')
    const call = { isCall, since: way?.finished, signal: init?.signal }
    const answer = async (): Promise<Response> => {
      try {
        return await auth.fetch(input, init)
      } catch (error) {
        if (!asksForSignIn(error)) throw error
        await signInFor(error, call)
        return auth.fetch(input, init)
      }
    }
    const response = await answer()
    const refusal = await refusalIn(response)
    if (!refusal) {
      if (response.ok) unhelped = undefined
      return withoutEcho(response)
    }
    if (!refusal.isOfCredential || !isReplayable(init?.body) || !way) return refused(response, refusal.error)
    await signInFor(refusal.error, call, refusal.challenge)
    await response.body?.cancel().catch(() => undefined)
    const second = await auth.fetch(input, init)
    const again = await refusalIn(second)
    if (!again) return withoutEcho(second)
    unhelped = { by: purposeOf(refusal.error, refusal.challenge), at: Date.now() }
    return refused(second, again.error)
  }

  const refused = (response: Response, error: PentauthError): Response => {
    if (response.status !== 401 || !isAsked) throw error
    refusals.set(response, error)
    return response
  }

  return {
    fetch: authorized,
    authProvider: {
      tokens: () => undefined,
      async token() {
        isAsked = true
        // Not told for what: `fetch` knows.
        if (wasInVain) return undefined
        const since = way?.finished
        try {
          await auth.credential(url)
        } catch (error) {
          if (!asksForSignIn(error)) throw error
          await signInFor(error, { isCall: true, since, signal: closed })
        }
        return undefined
      },
      async onUnauthorized({ response }) {
        throw refusals.get(response) ?? (await errorFrom(response))
      },
    },
  }
}

/** How long (ms) nobody is asked to sign in again for what a sign-in has just not helped against. */
const pause = 60_000

function purposeOf({ code }: PentauthError, challenge: Refusal['challenge']): string {
  return JSON.stringify([code === 'insufficient_scope', ...challenge.map(({ parameters }) => parameters.scope)])
}

/** A request, and how many sign-ins there had been when it was made. */
interface Call {
  readonly isCall: boolean
  readonly since: number | undefined
  readonly signal: AbortSignal | null | undefined
}

/** Waits for a sign-in no longer than the request or its transport is wanted. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  if (!signal) return work
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function isReplayable(body: RequestInit['body']): boolean {
  return body === undefined || body === null || typeof body === 'string'
}
