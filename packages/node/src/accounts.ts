import {
  type SignOutOptions as CoreSignOutOptions,
  listAccounts as listSaved,
  listSessions as listSavedSessions,
  PentauthError,
  type SavedAccount,
  type SavedSession,
  type Service,
  type Store,
  signOut as signOutOf,
} from '@pentauth/core'
import { atBaseUrl } from './base-url.ts'
import { currentAccount, setCurrentAccount } from './current-account.ts'
import { debugListener } from './debug.ts'
import { type Environment, own } from './environment.ts'
import { fileStore } from './file-store.ts'
import { wayIn } from './way-in.ts'

export interface AccountOptions {
  /** Where the sessions are kept; the files of this person unless given. */
  readonly store?: Store | undefined
  /** Keeps the sessions of two programs apart; `default` unless given. */
  readonly app?: string | undefined
  /** The environment to read; `process.env` unless given. */
  readonly env?: Environment | undefined
}

export interface Account extends SavedAccount {
  /** Whether `createAuth` uses it where no account is named. */
  readonly isCurrent: boolean
}

/**
 * The accounts with a saved sign-in at a service, where `PENSYVE_BASE_URL` or the like says it is, sorted by label, with nothing secret.
 *
 * @throws PentauthError `invalid_option` for a store that cannot list its keys, `store_failed` when it cannot be read.
 * @example
 * ```ts
 * for (const { account, isCurrent, status } of await listAccounts(profundis)) {
 *   console.log(isCurrent ? '*' : ' ', account, status)
 * }
 * ```
 */
export async function listAccounts(service: Service, options: AccountOptions = {}): Promise<readonly Account[]> {
  const { app, ...rest } = own(options)
  const store = storeOf(rest)
  const saved = await listSaved(located(service, rest), { store, app })
  const current = await currentAccount(service, store, app)
  return saved.map((one) => ({ ...one, isCurrent: one.account === current }))
}

/**
 * All sign-ins that are saved, whatever service they are for, sorted by audience and account, with nothing secret.
 *
 * @throws PentauthError `invalid_option` for a store that cannot list its keys, `store_failed` when it cannot be read.
 * @example
 * ```ts
 * for (const { audience, account, status } of await listSessions()) console.log(audience, account, status)
 * ```
 */
export async function listSessions(options: AccountOptions = {}): Promise<readonly SavedSession[]> {
  const { app, ...rest } = own(options)
  return listSavedSessions({ store: storeOf(rest), app })
}

/**
 * Makes an account the one that `createAuth` uses where none is named, from the next `createAuth` on, in every process that shares the
 * store.
 *
 * @throws PentauthError `sign_in_required` when that account has no saved sign-in, `invalid_option`, `store_failed`.
 * @example
 * ```ts
 * await switchAccount(profundis, 'work')
 * ```
 */
export async function switchAccount(service: Service, account: string, options: AccountOptions = {}): Promise<void> {
  const { app, ...rest } = own(options)
  const store = storeOf(rest)
  const accounts = await listSaved(located(service, rest), { store, app })
  if (!accounts.some((one) => one.account === account && one.status === 'signed_in')) {
    const others = accounts.filter(({ status }) => status === 'signed_in').map((one) => JSON.stringify(one.account))
    throw new PentauthError({
      code: 'sign_in_required',
      message: `No account ${JSON.stringify(account)} is signed in to ${service.name}${others.length > 0 ? `; there is ${others.join(', ')}` : ''}.`,
      service: service.id,
      hint: `Sign in: ${wayIn(service, { store: options?.store, account, app })}.`,
    })
  }
  await setCurrentAccount(service, store, app, account)
}

export interface SignOutOptions extends AccountOptions, Omit<CoreSignOutOptions, 'store' | 'app' | 'name'> {}

/**
 * Signs an account out: its session is deleted, and revoked where the authorization server has an endpoint for that. Without `account`
 * it is the current one; nobody else takes its place.
 *
 * @throws PentauthError `invalid_option`, `store_failed` when the session could not be deleted; then it goes on.
 * @example
 * ```ts
 * await signOut(profundis)
 * ```
 */
export async function signOut(service: Service, options: SignOutOptions = {}): Promise<void> {
  const { env, app, store: given, account: named, ...rest } = own(options)
  const store = storeOf({ store: given, env })
  const current = await currentAccount(service, store, app)
  const account = named ?? current
  const { onEvent = debugListener(env ?? process.env) } = rest
  await signOutOf(located(service, { env }), { ...rest, store, app, account, ...(onEvent ? { onEvent } : {}) })
  if (account === current) await setCurrentAccount(service, store, app, 'default')
}

/** The service where the environment says it is, as `createAuth` has it: its sessions are kept under that address. */
function located(service: Service, { env = process.env }: AccountOptions): Service {
  return atBaseUrl(service, env).service
}

function storeOf({ store, env }: AccountOptions): Store {
  return store ?? fileStore({ env })
}
