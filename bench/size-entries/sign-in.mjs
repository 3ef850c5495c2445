// Redirect sign-in, callback, session in the default storage, authenticated fetch, sign-out; one service.
import { createAuth, finishSignIn, memoryStore, pensyve, signedIn, signOut, startSignIn } from '@pentauth/core'

/** @param {string} redirectUri */
export function start(redirectUri) {
  const store = memoryStore()
  const auth = createAuth(pensyve, { credential: signedIn({ store }) })
  return {
    ...auth,
    signIn: () => startSignIn(pensyve, { store, redirectUri }),
    finishSignIn: () => finishSignIn(pensyve, location.href, { store }),
    signOut: () => signOut(pensyve, { store }),
  }
}
