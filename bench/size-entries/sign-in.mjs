// Redirect sign-in, callback, session in the default storage, tabs, authenticated fetch, sign-out; one service.
import { createAuth, pensyve } from '@pentauth/browser'

/** @param {string} redirectUri */
export const start = (redirectUri) => createAuth(pensyve, { redirectUri })
