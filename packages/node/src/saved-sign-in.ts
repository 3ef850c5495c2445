import {
  type Absent,
  type Credential,
  type CredentialRequest,
  type CredentialSource,
  type EventListener,
  isAbsent,
  listAccounts,
  PentauthError,
  type Resource,
  type Service,
  type Store,
  signedIn,
} from '@pentauth/core'
import { currentAccount } from './current-account.ts'
import type { Environment } from './environment.ts'
import { fileStoreFor } from './file-store.ts'
import { pointingAt, wayIn } from './way-in.ts'

export interface SavedSignInOptions {
  /** Where the session is kept; the files of this person unless given. */
  readonly store?: Store | undefined
  /** Whose sign-in; unless given, the one that was switched to, or signed in last. */
  readonly account?: string | undefined
  /** Keeps the sessions of two programs apart; `default` unless given. */
  readonly app?: string | undefined
}

/** For whom it is looked. */
interface Asker {
  readonly env: Environment
  readonly onEvent: EventListener | undefined
}

/** The last link of a chain: what `signIn` has saved. Nothing is loaded or read before somebody asks for it. */
export function savedSignIn(service: Service, options: SavedSignInOptions, asker: Asker): CredentialSource {
  // What is no store is refused now.
  if (options.store !== undefined) signedIn({ ...options, store: options.store })
  const name = savedName(options.account)
  /** Known from its first token on: who signs in, or switches, before that is found. */
  let known: CredentialSource | undefined
  const find = async (request: CredentialRequest): Promise<Credential | Absent> => {
    const { app, store = fileStoreOf(asker) } = options
    // A container without a home folder is no place where anybody has signed in.
    if (isAbsent(store)) return store
    const account = options.account ?? (await currentAccount(service, store, app))
    const source = pointing(signedIn({ store, account, app, name: savedName(account) }), (at) =>
      wayIn(at, { ...options, account: options.account ?? (account === 'default' ? undefined : account) }),
    )
    const found = await source.get(request)
    if (isAbsent(found)) {
      const absent = `${found.absent} in ${store.name ?? 'the given store'}`
      return { ...found, absent, next: await wayInFrom(service, store, options) }
    }
    known = source
    return found
  }
  return {
    name,
    kind: 'access-token',
    get(request) {
      const found = known?.get(request)
      if (!found) return find(request)
      // Signed out: there may be another account by now.
      if (found instanceof Promise) return found.then((one) => (isAbsent(one) ? find(request) : one))
      return isAbsent(found) ? find(request) : found
    },
    renew: async (refused, request, sent) => known?.renew?.(refused, request, sent),
    refusedAgain: (refused, request, sent) => known?.refusedAgain?.(refused, request, sent),
    accepted: (credential, request, sent) => known?.accepted?.(credential, request, sent),
  }
}

/** As messages call it. */
export function savedName(account = 'default'): string {
  return account === 'default' ? 'saved sign-in' : `saved sign-in ${JSON.stringify(account)}`
}

/** What to do where nobody is signed in: as that account, or as one of those there are. */
async function wayInFrom(service: Service, store: Store, options: SavedSignInOptions): Promise<string> {
  const { account, app } = options
  const saved = store.keys && account === undefined ? await listAccounts(service, { store, app }).catch(() => []) : []
  return wayIn(
    service,
    options,
    saved.find(({ status }) => status === 'signed_in'),
  )
}

/** The source, with the way back in where a sign-in has ended. */
function pointing(source: CredentialSource, way: (service: Service) => string): CredentialSource {
  const pointed =
    ({ service }: CredentialRequest) =>
    (error: unknown): never => {
      throw pointingAt(way(service), error)
    }
  return {
    ...source,
    get(request) {
      try {
        const found = source.get(request)
        return found instanceof Promise ? found.catch(pointed(request)) : found
      } catch (error) {
        return pointed(request)(error)
      }
    },
    renew: async (refused, request, sent) =>
      Promise.resolve(source.renew?.(refused, request, sent)).catch(pointed(request)),
  }
}

function fileStoreOf({ env, onEvent }: Asker): Store | Absent {
  try {
    return fileStoreFor(env, onEvent)
  } catch (error) {
    if (!PentauthError.isInstance(error) || error.code !== 'store_failed') throw error
    return { absent: 'there is no home folder', next: 'set PENTAUTH_HOME' }
  }
}

/** Whether people sign in to a service: one of its resources takes access tokens, and its definition rules that way out nowhere. */
export function takesSignIns(service: Service): boolean {
  const grants = service?.oauth?.grants ?? ['authorization_code']
  const resources = Object.values<Resource>(service?.resources ?? {})
  return grants.includes('authorization_code') && resources.some(({ accessToken }) => accessToken)
}
