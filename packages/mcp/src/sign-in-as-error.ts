import {
  deviceSignIn,
  type FinishedSignIn,
  finishSignIn,
  PentauthError,
  type StartSignInOptions,
  startSignIn,
  type WaitingSignIn,
} from '@pentauth/core'
import type { SignInWanted, SignInWay } from './sign-in-wanted.ts'

export interface SignInAsErrorOptions extends Omit<StartSignInOptions, 'redirectUri' | 'challenge' | 'resource'> {
  /** Where the person comes back to; without it, the sign-in is by a code that the person types in elsewhere. */
  readonly redirectUri?: string | undefined
}

/**
 * A way to sign in for hosts that show the person what to do themselves: the call that needs it rejects with `sign_in_required`, whose
 * `signIn` has the `url`, a `userCode` where there is one, and `complete(callbackUrl)`; the call is then made again.
 *
 * One sign-in is begun for all who need it, and told to all of them until it is finished, fails or is too old.
 *
 * @throws PentauthError (when a sign-in is needed) `sign_in_required`, and whatever `startSignIn` or `deviceSignIn` reject with.
 * @example
 * ```ts
 * const way = signInAsError({ store, redirectUri: 'https://app.example/callback' })
 * const transport = createTransport(StreamableHTTPClientTransport, auth, { signIn: way })
 * ```
 */
export function signInAsError(options: SignInAsErrorOptions): SignInWay {
  const { redirectUri, ...wishes }: SignInAsErrorOptions = Object.assign(Object.create(null), options)
  const now = () => wishes.runtime?.now?.() ?? Date.now()
  let waiting: { readonly for: string; readonly begun: Promise<WaitingSignIn> } | undefined
  const done = () => {
    waiting = undefined
  }
  return async (wanted) => {
    const { service, resource, challenge } = wanted
    const purpose = JSON.stringify([service.id, resource, challenge])
    const before = waiting?.for === purpose ? await waiting.begun.catch(() => undefined) : undefined
    if (before && before.expiresAt > now()) throw required(wanted, before)
    const begin = redirectUri === undefined ? byDevice : byRedirect
    const begun = begin({ ...wishes, redirectUri: redirectUri ?? '' }, wanted, done)
    waiting = { for: purpose, begun }
    throw required(wanted, await begun)
  }
}

type Wishes = Omit<StartSignInOptions, 'challenge' | 'resource'>

async function byRedirect(wishes: Wishes, wanted: SignInWanted, done: () => void): Promise<WaitingSignIn> {
  const { service, resource, challenge } = wanted
  const { url, expiresAt } = await startSignIn(service, { ...wishes, resource, challenge })
  return {
    url: url.href,
    expiresAt,
    complete: (callback = '') => finishSignIn(service, callback, wishes).finally(done),
  }
}

function byDevice(wishes: Wishes, wanted: SignInWanted, done: () => void): Promise<WaitingSignIn> {
  const { service, resource, challenge } = wanted
  return new Promise((resolve, reject) => {
    const finished: Promise<FinishedSignIn> = deviceSignIn(service, {
      ...wishes,
      resource,
      challenge,
      present: ({ verificationUri, verificationUriComplete, userCode, expiresAt }) =>
        resolve({
          url: String(verificationUriComplete ?? verificationUri),
          userCode,
          expiresAt,
          complete: () => finished,
        }),
    }).finally(done)
    finished.catch(reject)
  })
}

function required({ service, reason }: SignInWanted, signIn: WaitingSignIn): PentauthError {
  const { userCode } = signIn
  return new PentauthError({
    code: 'sign_in_required',
    message: `${service.name} wants somebody to sign in.`,
    service: service.id,
    hint: `Send the person to error.signIn.url${userCode ? ` with the code ${userCode}` : ''}, call error.signIn.complete(), and make the call again.`,
    signIn,
    cause: reason,
  })
}
