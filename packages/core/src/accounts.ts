import { requireChecked } from './checked-service.ts'
import type { Resource, Service } from './service.ts'
import { sessionPrefix } from './session-key.ts'
import { checkedLabels, unusable } from './session-labels.ts'
import type { Store } from './store.ts'
import { guarded } from './store-failure.ts'
import { parseStored } from './stored-session.ts'

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
  const { store, app = 'default' }: ListAccountsOptions = Object.assign(Object.create(null), options)
  checkedLabels({ store, app })
  if (typeof store.keys !== 'function')
    throw unusable('store', 'cannot list what it holds', 'Give a store with keys(prefix), such as memoryStore().')
  const found = await Promise.all(
    [...byPrefix(service, app)].map(async ([prefix, resources]) => {
      const keys = (await guarded(service, store).keys?.(prefix)) ?? []
      const names = keys.filter((key) => key.startsWith(prefix) && isLabel(key.slice(prefix.length)))
      return Promise.all(names.map((key) => savedAccount(service, store, key, key.slice(prefix.length), resources)))
    }),
  )
  const saved = found.flat().filter((one) => one !== undefined)
  return saved.sort((one, other) => (one.account < other.account ? -1 : Number(one.account > other.account)))
}

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

/** Whether it is one label, as `sessionKey` writes it. */
function isLabel(text: string): boolean {
  try {
    return text !== '' && encodeURIComponent(decodeURIComponent(text)) === text
  } catch {
    return false
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
  const { scopes, expiresAt } = found.session
  return {
    account,
    resources,
    status: 'signed_in',
    ...(scopes ? { scopes } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}
