// Redirect sign-in, callback, session in the default storage, tabs, authenticated fetch, sign-out; one service, a client that is known there.
import { createAuth, pensyve } from '@pentauth/browser'

/** @param {{ redirectUri: string, clientId: string }} options */
export const start = (options) => createAuth(pensyve, options)
