// API keys only: an authenticated fetch for one service.
import { apiKey, createAuth, pensyve } from '@pentauth/core'

/** @param {string} key */
export const start = (key) => createAuth(pensyve, { credential: apiKey(key) })
