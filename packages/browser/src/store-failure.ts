import { PentauthError } from '@pentauth/core'
import type { Doing } from './doing.ts'

const blocked: WayOut = [
  'Browsers block it in some private windows, without cookies and in frames of other sites: allow it there, or give another storage.',
  false,
]

type WayOut = readonly [hint: string, retryable: boolean]

/** Ways out, by the name of the browser's error. */
const waysOut: Readonly<Record<string, WayOut>> = {
  QuotaExceededError: [
    "This site's share of the browser's storage is full, or the disk is: delete what the site does not need (its caches and databases), or make room on the disk.",
    true,
  ],
  SecurityError: blocked,
  missing: blocked,
  VersionError: ['A newer version of this page uses it: reload the page.', false],
  TimeoutError: ['The browser does not answer: close other tabs of this site and try again.', true],
}

/** The failure of a store of the browser in our words; the browser's own may repeat what was to be written. */
export function storeFailed(store: string, what: Doing, error: unknown): PentauthError {
  if (PentauthError.isInstance(error)) return error
  const { name = 'unknown' } = Object(error) as { name?: string }
  if (name === 'lost') {
    const way = 'This page stood still for too long; what others wrote meanwhile is there.'
    return failed(`The store ${store} could not be written: its lock was lost.`, [way, true], 'LOCK_LOST')
  }
  // What is not there has no methods.
  const reason = name === 'TypeError' ? 'missing' : name
  const way = waysOut[reason] ?? ['Try again, or give another storage.', true]
  const code = reason.replace(/\B[A-Z]/g, '_$&').toUpperCase()
  return failed(`The store ${store} could not be ${what} (${reason}).`, way, code)
}

/** @param code for events, which show no more than that */
function failed(message: string, [hint, retryable]: WayOut, code: string): PentauthError {
  return new PentauthError({
    code: 'store_failed',
    message,
    hint: `${hint} Nothing was signed out.`,
    retryable,
    cause: { code },
  })
}
