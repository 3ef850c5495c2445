import type { Auth, Challenge, PentauthError, Service } from '@pentauth/core'
import { asksForSignIn } from './refusal.ts'

/** What a person has to sign in for. */
export interface SignInWanted {
  readonly service: Service
  /** Name of the resource in the service. */
  readonly resource: string
  /** What the server's refusal asks for, if it said: a sign-in that is given it gets the right scopes. */
  readonly challenge: readonly Challenge[]
  /** Why a sign-in is wanted. */
  readonly reason: PentauthError
}

/** Has somebody sign in, and resolves when the session is saved where the `Auth` looks for it; what it throws, the caller gets. */
export type SignInWay = (wanted: SignInWanted) => Promise<unknown>

/** A way to sign in, shared by all connections of an `Auth`. */
export interface SharedWay {
  /** How many sign-ins it has brought about. */
  readonly finished: number
  /** One sign-in for all who need one meanwhile. */
  readonly signIn: SignInWay
}

const shared = /* @__PURE__ */ new WeakMap<Auth, WeakMap<SignInWay, SharedWay>>()

export function sharedWay(auth: Auth, way: SignInWay): SharedWay {
  const ways = shared.get(auth) ?? new WeakMap<SignInWay, SharedWay>()
  shared.set(auth, ways)
  const known = ways.get(way) ?? onceForAll(way)
  ways.set(way, known)
  return known
}

function onceForAll(way: SignInWay): SharedWay {
  let finished = 0
  let running: Promise<unknown> | undefined
  return {
    get finished() {
      return finished
    },
    signIn(wanted) {
      running ??= Promise.resolve(wanted)
        .then(way)
        .then(() => {
          finished += 1
        })
        .finally(() => {
          running = undefined
        })
      return running
    },
  }
}

/** Whether a session of the resource is what the `Auth` goes by, so that signing in could mend a refusal: no key, and no token of a program. */
export async function isBySignIn(auth: Auth, url: string): Promise<boolean> {
  const found = await auth.credential(url).catch((error: unknown) => error)
  return asksForSignIn(found) || (found as { account?: unknown }).account !== undefined
}
