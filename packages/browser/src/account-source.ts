import {
  type Absent,
  type Credential,
  type CredentialSource,
  isAbsent,
  PentauthError,
  type Service,
  signedIn,
} from '@pentauth/core'
import type { Page } from './page.ts'

type Found = Awaited<ReturnType<CredentialSource['get']>> | undefined

/** The access tokens of the current account, whichever that is by then; what was sent with one is renewed and judged as its account. */
export function accountSource(page: Page): CredentialSource {
  let used: { readonly account: string; readonly source: CredentialSource } | undefined
  const givers = new WeakMap<object, CredentialSource>()
  const noted = <F extends Found>(source: CredentialSource, found: F): F => {
    if (found) givers.set(found, source)
    // What could not be read when the page was loaded can be now.
    if (found && !isAbsent(found) && page.view.current().status !== 'signed_in') void page.view.read()
    return found
  }
  const get = (account: string, request: Parameters<CredentialSource['get']>[0]) => {
    if (page.leaving.of(account)) return leaving(request.service, account)
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

/** Nobody has to wait until the session is gone from the storage, too. */
function leaving({ id, name }: Service, account: string): Absent {
  const absent = `a sign-out, in another tab, of account "${account}"`
  const message = `Nobody is signed in to ${name}: ${absent}.`
  return {
    absent,
    error: new PentauthError({ code: 'sign_in_required', message, service: id, hint: 'Sign in again.' }),
  }
}
