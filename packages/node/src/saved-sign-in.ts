import {
  type Absent,
  type Credential,
  type CredentialRequest,
  type CredentialSource,
  type EventListener,
  isAbsent,
  PentauthError,
  type Resource,
  type Service,
  type Store,
  signedIn,
} from '@pentauth/core'
import { currentAccount } from './current-account.ts'
import type { Environment } from './environment.ts'

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
  const name = options.account === undefined ? 'saved sign-in' : `saved sign-in "${options.account}"`
  const next = `await signIn(${service.id})`
  /** Known from its first token on: who signs in, or switches, before that is found. */
  let known: CredentialSource | undefined
  const find = async (request: CredentialRequest): Promise<Credential | Absent> => {
    const { app, store = await fileStoreOf(asker) } = options
    // A container without a home folder is no place where anybody has signed in.
    if (isAbsent(store)) return store
    const account = options.account ?? (await currentAccount(service, store, app))
    const source = signedIn({ store, account, app, name })
    const found = await source.get(request)
    if (isAbsent(found)) return { ...found, absent: `${found.absent} in ${store.name ?? 'the given store'}`, next }
    known = source
    return found
  }
  return {
    name,
    kind: 'access-token',
    get: (request) => known?.get(request) ?? find(request),
    renew: async (refused, request, sent) => known?.renew?.(refused, request, sent),
    refusedAgain: (refused, request, sent) => known?.refusedAgain?.(refused, request, sent),
    accepted: (credential, request, sent) => known?.accepted?.(credential, request, sent),
  }
}

async function fileStoreOf({ env, onEvent }: Asker): Promise<Store | Absent> {
  const { fileStoreFor } = await import('./file-store.ts')
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
