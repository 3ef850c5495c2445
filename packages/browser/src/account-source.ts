import { type Credential, type CredentialSource, signedIn } from '@pentauth/core'
import type { Page } from './page.ts'

type Found = Awaited<ReturnType<CredentialSource['get']>> | undefined

/** The access tokens of the current account, whichever that is by then; what was sent with one is renewed and judged as its account. */
export function accountSource(page: Page): CredentialSource {
  let used: { readonly account: string; readonly source: CredentialSource } | undefined
  const givers = new WeakMap<object, CredentialSource>()
  const noted = <F extends Found>(source: CredentialSource, found: F): F => {
    if (found) givers.set(found, source)
    return found
  }
  const get = (account: string, request: Parameters<CredentialSource['get']>[0]) => {
    if (used?.account !== account) used = { account, source: signedIn(page.place(account)) }
    const { source } = used
    const found = source.get(request)
    return 'then' in found ? found.then((later) => noted(source, later)) : noted(source, found)
  }
  const giverOf = (credential: Credential) => givers.get(credential)
  return {
    name: 'sign-in',
    kind: 'access-token',
    get(request) {
      const account = page.known()
      return account === undefined ? page.account().then((read) => get(read, request)) : get(account, request)
    },
    async renew(refused, request, sent) {
      const giver = giverOf(refused)
      return giver && noted(giver, await giver.renew?.(refused, request, sent))
    },
    refusedAgain: (refused, request, sent) => giverOf(refused)?.refusedAgain?.(refused, request, sent),
    accepted: (credential, request, sent) => giverOf(credential)?.accepted?.(credential, request, sent),
  }
}
