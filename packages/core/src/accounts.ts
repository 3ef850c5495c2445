import { requireChecked } from './checked-service.ts'
import type { Resource, Service } from './service.ts'
import { sessionPrefix } from './session-key.ts'
import { checkedLabels, unusable } from './session-labels.ts'
import type { Store } from './store.ts'
import { guarded } from './store-failure.ts'
import { parseStored, type StoredSession } from './stored-session.ts'

export interface ListAccountsOptions {
  /** Where the sessions are kept: one that can list its `keys`. */
  readonly store: Store
  /** Whose sessions; those of the program `default` unless given. */
  readonly app?: string | undefined
}

/** Somebody's saved sign-in. */
export interface SavedAccount {
  readonly account: string
  /** Names of the resources it is for. */
  readonly resources: readonly string[]
  /** `ended` where the authorization server refused it for good, `unreadable` where the store holds something else. */
  readonly status: 'signed_in' | 'ended' | 'unreadable'
  /** Granted scopes, where the server said them. */
  readonly scopes?: readonly string[]
  /** Milliseconds since the epoch after which the access token is renewed; absent when unknown. */
  readonly expiresAt?: number
}

/**
 * The accounts that are signed in to a service, or were, by what a store holds; sorted by label, with nothing secret.
 *
 * @throws PentauthError `invalid_option` for a store that cannot list its keys, `store_failed` when it cannot be read.
 * @example
 * ```ts
 * for (const { account, status } of await listAccounts(pensyve, { store })) console.log(account, status)
 * ```
 */
export async function listAccounts(service: Service, options: ListAccountsOptions): Promise<readonly SavedAccount[]> {
  await requireChecked(service)
  const { store, app } = listing(options)
  const found = await Promise.all(
    [...byPrefix(service, app)].map(async ([prefix, resources]) => {
      const keys = (await guarded(service, store).keys?.(prefix)) ?? []
      const names = keys.filter((key) => key.startsWith(prefix) && labelIn(key.slice(prefix.length)) !== undefined)
      return Promise.all(names.map((key) => savedAccount(service, store, key, key.slice(prefix.length), resources)))
    }),
  )
  const saved = found.flat().filter((one) => one !== undefined)
  return saved.sort((one, other) => inOrder(one.account, other.account))
}

/** A saved sign-in, told by what its tokens are for. */
export interface SavedSession extends Omit<SavedAccount, 'resources'> {
  /** The audience of its tokens: the address of the resource, unless its definition says otherwise. */
  readonly audience: string
  /** The authorization server; absent where the session has ended or cannot be read. */
  readonly issuer?: string
  /** Whether it is renewed without the person when its access token ends. */
  readonly isRenewable: boolean
}

/**
 * All sign-ins that a store holds, whatever service they are for, sorted by audience and account, with nothing secret.
 *
 * @throws PentauthError `invalid_option` for a store that cannot list its keys, `store_failed` when it cannot be read.
 * @example
 * ```ts
 * for (const { audience, account, status } of await listSessions({ store })) console.log(audience, account, status)
 * ```
 */
export async function listSessions(options: ListAccountsOptions): Promise<readonly SavedSession[]> {
  const { store, app } = listing(options)
  const guardedStore = guarded(anyService, store)
  const keys = (await guardedStore.keys?.('session/')) ?? []
  const found = keys.map(async (key): Promise<SavedSession | undefined> => {
    const [audience, ofApp, account, ...more] = key.slice('session/'.length).split('/').map(labelIn)
    if (audience === undefined || ofApp !== app || account === undefined || more.length > 0) return undefined
    const stored = parseStored(await guardedStore.get(key), account)
    // It was signed out meanwhile.
    if (stored.is === 'nothing') return undefined
    if (stored.is !== 'session') return { audience, account, status: stored.is, isRenewable: false }
    const { issuer, refreshToken } = stored.session
    return { audience, account, issuer, isRenewable: refreshToken !== undefined, ...signedIn(stored.session) }
  })
  const sessions = (await Promise.all(found)).filter((one) => one !== undefined)
  return sessions.sort((one, other) => inOrder(one.audience, other.audience) || inOrder(one.account, other.account))
}

const inOrder = (one: string, other: string): number => (one < other ? -1 : Number(one > other))

/** Whose sign-in the store would not give is not known before it does. */
const anyService = { name: 'saved' }

/** The resources of each audience, which share their sessions, by what the names of these begin with. */
function byPrefix(service: Service, app: string): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const [name, resource] of Object.entries<Resource>(service.resources)) {
    if (!resource.accessToken) continue
    const prefix = sessionPrefix(resource, app)
    found.set(prefix, [...(found.get(prefix) ?? []), name])
  }
  return found
}

/** @throws PentauthError `invalid_option` */
function listing(options: ListAccountsOptions): { readonly store: Store; readonly app: string } {
  const { store, app = 'default' }: ListAccountsOptions = Object.assign(Object.create(null), options)
  checkedLabels({ store, app })
  if (typeof store.keys === 'function') return { store, app }
  throw unusable('store', 'cannot list what it holds', 'Give a store with keys(prefix), such as memoryStore().')
}

/** One label of what `sessionKey` writes; `undefined` for what it does not. */
function labelIn(text: string): string | undefined {
  try {
    const label = decodeURIComponent(text)
    return label !== '' && encodeURIComponent(label) === text ? label : undefined
  } catch {
    return undefined
  }
}

async function savedAccount(
  service: Service,
  store: Store,
  key: string,
  label: string,
  resources: readonly string[],
): Promise<SavedAccount | undefined> {
  const account = decodeURIComponent(label)
  const found = parseStored(await guarded(service, store).get(key), account)
  // It was signed out meanwhile.
  if (found.is === 'nothing') return undefined
  if (found.is !== 'session') return { account, resources, status: found.is }
  return { account, resources, ...signedIn(found.session) }
}

function signedIn({ scopes, expiresAt }: StoredSession): Pick<SavedAccount, 'status' | 'scopes' | 'expiresAt'> {
  return {
    status: 'signed_in',
    ...(scopes ? { scopes } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}
