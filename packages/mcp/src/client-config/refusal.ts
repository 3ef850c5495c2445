import { PentauthError } from '@pentauth/core'

/** The error for options that cannot be followed. */
export function refusedOption(what: string, hint: string, service?: string): PentauthError {
  return new PentauthError({ code: 'invalid_option', message: `clientConfig ${what}.`, hint, service })
}

/** Makes the error for a present file that cannot be merged; it names places, and quotes nothing that stands there. */
export type RefusePresent = (what: string, hint?: string) => PentauthError

/** The errors about the present file of a client. */
export function refusalsOf(title: string): RefusePresent {
  return (what, hint = 'Nothing was changed. Add the entry by hand: without the option "existing" you get it alone.') =>
    new PentauthError({ code: 'invalid_option', message: `The present configuration of ${title} ${what}.`, hint })
}
