import { type Auth, errorFrom, type PentauthError } from '@pentauth/core'
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
}

/**
 * The one layer that renews: `auth.fetch` sets the header, renews once for all, and sends again; what is left is a sign-in, and
 * an error that says so.
 *
 * The SDK never sees a token that it could try to renew.
 */
export function authorizedConnection(target: ConnectionTarget): AuthorizedConnection {
  const { auth, url, signIn } = target
  const way = signIn && sharedWay(auth, signIn)
  /** Whether somebody asks for tokens before each request, who is then told of a 401, too. */
  let isAsked = false
  const refusals = new WeakMap<Response, PentauthError>()
  /** Whether the last sign-in came to nothing: then only a call asks for another, and no stream that is opened again and again. */
  let wasInVain = false

  const signInFor = async (reason: PentauthError, { isCall, since }: Call, challenge: Refusal['challenge'] = []) => {
    // Somebody has signed in since it was sent.
    if (way && way.finished !== since) return
    if (!way || (wasInVain && !isCall) || !(await isBySignIn(auth, url))) throw reason
    const asked = challenge.length > 0 ? { challenge } : {}
    try {
      await way.signIn({ service: auth.service, resource: target.resource, reason, ...asked })
      wasInVain = false
    } catch (error) {
      wasInVain = true
      throw error
    }
  }

  const authorized: FetchLike = async (input, init) => {
    const call = { isCall: /^post$/i.test(init?.method ?? ''), since: way?.finished }
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
    if (!refusal) return response
    if (!refusal.isOfCredential || !isReplayable(init?.body) || !way) return refused(response, refusal.error)
    await signInFor(refusal.error, call, refusal.challenge)
    await response.body?.cancel().catch(() => undefined)
    const second = await auth.fetch(input, init)
    const again = await refusalIn(second)
    return again ? refused(second, again.error) : second
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
          await signInFor(error, { isCall: true, since })
        }
        return undefined
      },
      async onUnauthorized({ response }) {
        throw refusals.get(response) ?? (await errorFrom(response))
      },
    },
  }
}

/** A request, and how many sign-ins there had been when it was made. */
interface Call {
  readonly isCall: boolean
  readonly since: number | undefined
}

function isReplayable(body: RequestInit['body']): boolean {
  return body === undefined || body === null || typeof body === 'string'
}
