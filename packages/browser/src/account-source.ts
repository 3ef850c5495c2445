import { type CredentialSource, signedIn } from '@pentauth/core'
import type { Page } from './page.ts'

/** The access tokens of the current account, whichever that is by then. */
export function accountSource(page: Page): CredentialSource {
  let used: { readonly account: string; readonly source: CredentialSource } | undefined
  const sourceOf = (account: string) => {
    if (used?.account !== account) used = { account, source: signedIn(page.place(account)) }
    return used.source
  }
  return {
    name: 'sign-in',
    kind: 'access-token',
    get(request) {
      const account = page.known()
      return account === undefined
        ? page.account().then((read) => sourceOf(read).get(request))
        : sourceOf(account).get(request)
    },
    renew: async (refused, request, sent) => used?.source.renew?.(refused, request, sent),
    refusedAgain: (refused, request, sent) => used?.source.refusedAgain?.(refused, request, sent),
    accepted: (credential, request, sent) => used?.source.accepted?.(credential, request, sent),
  }
}
